internal import Foundation
internal import NIOCore

extension SessionError {
  /// Why an address cannot be listened on, by what the system said.
  init(listeningOn address: PeerAddress, failedWith error: any Error) {
    let number = (error as? IOError)?.errnoCode
    let reason =
      switch number {
      case EADDRINUSE: "another program uses the port; stop it, or choose another port"
      case EADDRNOTAVAIL: "this machine does not have the address; choose one that it has"
      case EACCES, EPERM: "this user may not use the port; choose one from 1024 up"
      case .some(let number):
        "\(String(cString: strerror(number))) (errno \(number)); choose another address or port"
      case nil: "\(error); choose another address or port"
      }
    self = .listen(address, reason: reason)
  }

  /// Whether the system said that it does not have addresses of that family.
  static func isWithoutFamily(_ error: any Error) -> Bool {
    [EAFNOSUPPORT, EADDRNOTAVAIL].contains((error as? IOError)?.errnoCode)
  }
}
