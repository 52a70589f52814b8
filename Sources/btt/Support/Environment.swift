internal import Foundation

/// The environment variables that `btt` reads.
enum Environment: String {
  case keystore = "BTT_KEYSTORE"
  case password = "BTT_PASSWORD"
  case newPassword = "BTT_NEW_PASSWORD"
  case keyPassword = "BTT_KEY_PASSWORD"
  case channelPassword = "BTT_CHANNEL_PASSWORD"
  case privateKey = "BTT_PRIVATE_KEY"
  case mnemonic = "BTT_MNEMONIC"
  case rpcURL = "BTT_RPC_URL"
  case rootRPCURL = "BTT_ROOT_RPC_URL"
  case bridgePassword = "BTT_BRIDGE_PASSWORD"
  case bridgeValidatorPassword = "BTT_BRIDGE_VALIDATOR_PASSWORD"
  case tokenFile = "BTT_TOKEN_FILE"
  case genesis = "BTT_GENESIS"
  case trustRPC = "BTT_TRUST_RPC"
  case dataHome = "XDG_DATA_HOME"
  case stateHome = "XDG_STATE_HOME"
  case home = "HOME"

  /// The value; one that is empty counts as none.
  var value: String? {
    ProcessInfo.processInfo.environment[rawValue].flatMap { $0.isEmpty ? nil : $0 }
  }
}
