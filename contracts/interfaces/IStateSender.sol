// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// Numbers the messages from a root chain to the sidechain and logs them, in BTTC's form.
interface IStateSender {
    /// A message for a contract of the sidechain; ids are 1, 2, 3, ... without a gap.
    event StateSynced(uint256 indexed id, address indexed contractAddress, bytes data);

    event ManagerSet(address indexed manager);

    /// Names the only contract that may send; once, by the deployer.
    function setManager(address manager) external;

    /// Logs a message of at most 1024 bytes; for the manager only.
    function syncState(address receiver, bytes calldata data) external;

    /// Who may send.
    function manager() external view returns (address);

    /// The id of the newest message.
    function counter() external view returns (uint256);
}
