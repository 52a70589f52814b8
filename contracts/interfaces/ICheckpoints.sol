// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// Outbox roots of the sidechain, signed by validators with more than two thirds of the weight.
/// What is signed, byte by byte: docs/specs/bridge.md.
interface ICheckpoints {
    /// An accepted checkpoint.
    struct Checkpoint {
        bytes32 outboxRoot;
        bytes32 endBlockHash;
        uint64 endHeight;
        uint64 outboxCount;
        uint64 epoch;
        /// The time of the root chain's block that took it.
        uint64 acceptedAt;
    }

    event CheckpointAccepted(
        uint256 indexed id,
        uint64 indexed endHeight,
        bytes32 indexed outboxRoot,
        bytes32 endBlockHash,
        uint64 outboxCount,
        uint64 epoch
    );

    event ValidatorSetChanged(uint64 indexed epoch, address[] validators, uint256[] weights);

    /// Brings a checkpoint and gives its id. Signatures: r, s, v of each signer, 65 bytes,
    /// ascending by signer.
    function submitCheckpoint(
        uint64 epoch,
        uint64 endHeight,
        bytes32 endBlockHash,
        bytes32 outboxRoot,
        uint64 outboxCount,
        bytes calldata signatures
    ) external returns (uint256);

    /// Hands over to the next validator set, signed by the current one.
    function changeValidators(
        uint64 epoch,
        address[] calldata validators,
        uint256[] calldata weights,
        bytes calldata signatures
    ) external;

    /// One accepted checkpoint; reverts when there is none of this id.
    function checkpoint(uint256 id) external view returns (Checkpoint memory);

    /// The newest checkpoint's id; 0 before the first.
    function checkpointCount() external view returns (uint256);

    /// The number of the current validator set.
    function epoch() external view returns (uint64);

    /// A validator's weight in the set of that number.
    function weightOf(uint64 epoch, address validator) external view returns (uint256);

    /// The weight of the whole current set.
    function totalWeight() external view returns (uint256);

    /// The hash of the EIP-712 domain.
    function domainSeparator() external view returns (bytes32);

    /// What validators sign for a checkpoint.
    function checkpointDigest(
        uint64 epoch,
        uint64 endHeight,
        bytes32 endBlockHash,
        bytes32 outboxRoot,
        uint64 outboxCount
    ) external view returns (bytes32);

    /// What the outgoing validators sign for their successors.
    function validatorSetDigest(
        uint64 epoch,
        address[] calldata validators,
        uint256[] calldata weights
    ) external view returns (bytes32);

    /// Chain id of the sidechain.
    function SIDECHAIN_ID() external view returns (uint256);

    /// Which root chain this is: 1 TRON, 2 Ethereum, 3 BNB Smart Chain.
    function ROOT_ID() external view returns (uint64);
}
