// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// What root chains tell, and what validators sign for them, at
/// 0x0000000000000000000000000000000000001001.
interface IStateReceiver {
    /// A root chain's block.
    struct Header {
        uint64 number;
        bytes32 hash;
        bytes32 receiptsRoot;
    }

    /// A quorum has attested a header.
    event Attested(
        uint64 indexed rootId,
        uint64 indexed number,
        bytes32 hash,
        bytes32 receiptsRoot
    );

    /// A validator voted for two headers at one height; the second did not count.
    event Equivocation(
        address indexed validator,
        uint64 indexed rootId,
        uint64 indexed number,
        bytes32 first,
        bytes32 conflicting
    );

    /// A message was carried out.
    event MessageApplied(uint64 indexed rootId, uint64 indexed id, bytes32 dataHash);

    /// A message could not be carried out; `data` is what retries and refunds are called with.
    event MessageFailed(
        uint64 indexed rootId,
        uint64 indexed id,
        uint8 reason,
        uint64 retryUntil,
        bytes data
    );

    /// A deposit goes back as a withdrawal.
    event MessageRefunded(uint64 indexed rootId, uint64 indexed id, uint64 index);

    /// A validator has changed its wish; the root chain stands still or goes on.
    event PauseChanged(
        uint64 indexed rootId,
        address indexed validator,
        bool wish,
        bool isPaused
    );

    /// A token of a root chain was mapped.
    event TokenAdded(
        uint64 indexed rootId,
        address indexed rootToken,
        address indexed childToken
    );

    /// A validator's signature over a checkpoint is here.
    event CheckpointSigned(
        uint64 indexed rootId,
        bytes32 indexed digest,
        address indexed signer,
        uint256 weight
    );

    /// More than two thirds have signed a checkpoint: anybody can bring it to the root chain.
    event CheckpointComplete(
        uint64 indexed rootId,
        bytes32 indexed digest,
        uint64 endHeight,
        bytes32 outboxRoot,
        uint64 outboxCount
    );

    /// A validator's votes for headers; gives for each: 0 counted, 1 counted and now attested,
    /// 2 known, 3 conflicting, 4 disagrees.
    function attest(
        uint64 rootId,
        Header[] calldata headers
    ) external returns (uint8[] memory results);

    /// Takes a message with its proof; anyone may call it.
    function submit(
        uint64 rootId,
        bytes calldata header,
        uint64 transactionIndex,
        bytes[] calldata nodes,
        uint64 logIndex
    ) external returns (uint64 id, uint8 status, uint8 reason);

    /// Tries a failed message again; `data` is the message.
    function retry(
        uint64 rootId,
        uint64 id,
        bytes calldata data
    ) external returns (uint8 status, uint8 reason);

    /// Sends a failed deposit back to its depositor, once it can no longer be retried.
    function refund(uint64 rootId, uint64 id, bytes calldata data) external returns (uint64 index);

    /// A validator's wish that a root chain stand still, or go on.
    function setPaused(uint64 rootId, bool isPaused) external;

    /// Hands in a validator's signature over a checkpoint; anyone may bring it.
    function signCheckpoint(
        uint64 rootId,
        uint64 endHeight,
        bytes32 endBlockHash,
        bytes32 outboxRoot,
        uint64 outboxCount,
        bytes calldata signature
    ) external returns (bool isComplete);

    /// The header that a quorum attested at a height; zeros where there is none.
    function attested(
        uint64 rootId,
        uint64 number
    ) external view returns (bytes32 hash, bytes32 receiptsRoot);

    /// The weight of the votes for one header.
    function attestationWeight(
        uint64 rootId,
        uint64 number,
        bytes32 hash,
        bytes32 receiptsRoot
    ) external view returns (uint256 weight);

    /// A validator's vote at a height, and one against it that it tried to cast too.
    ///
    /// Each is `keccak256(hash ‖ receiptsRoot)`, or zero.
    function voteOf(
        uint64 rootId,
        uint64 number,
        address validator
    ) external view returns (bytes32 first, bytes32 conflicting);

    /// Whether a root chain stands still, and the weight of those who want it to.
    function paused(uint64 rootId) external view returns (bool isPaused, uint256 weight);

    /// Whether a validator wants a root chain to stand still.
    function isPausing(uint64 rootId, address validator) external view returns (bool);

    /// What became of a message: status (0 unknown, 1 applied, 2 failed, 3 refunded), reason, until
    /// when it can be retried, and the hash of its data where it has failed.
    function message(
        uint64 rootId,
        uint64 id
    ) external view returns (uint8 status, uint8 reason, uint64 retryUntil, bytes32 dataHash);

    /// The statuses of up to 256 messages from `first` on.
    function messages(
        uint64 rootId,
        uint64 first,
        uint64 count
    ) external view returns (uint8[] memory statuses);

    /// The ids of the root chains that genesis names.
    function roots() external view returns (uint64[] memory ids);

    /// What genesis says of a root chain.
    function root(
        uint64 rootId
    ) external view
        returns (
            uint64 chainId,
            address stateSender,
            address checkpoints,
            address manager,
            address btt
        );

    /// The root chain that withdrawals without one go to.
    function homeRoot() external view returns (uint64);

    /// How many bridged tokens there are.
    function tokenCount() external view returns (uint64);

    /// Up to 256 bridged tokens from `first` on.
    function tokens(uint64 first, uint64 count) external view returns (address[] memory children);

    /// A bridged token's root chain, token there, and supply here, which is all that came less all
    /// that went back; zeros where it is none.
    function token(
        address child
    ) external view returns (uint64 rootId, address rootToken, uint256 supply);

    /// The address of a root chain's token here, and whether it was mapped.
    function childToken(
        uint64 rootId,
        address rootToken
    ) external view returns (address child, bool isMapped);

    /// What a validator signs for a checkpoint.
    function checkpointDigest(
        uint64 rootId,
        uint64 endHeight,
        bytes32 endBlockHash,
        bytes32 outboxRoot,
        uint64 outboxCount
    ) external view returns (bytes32 digest);

    /// The digests of the checkpoints that were begun since the last complete one, in order: the
    /// first 256.
    function checkpointCandidates(uint64 rootId) external view returns (bytes32[] memory digests);

    /// A checkpoint that somebody signed.
    function checkpoint(
        bytes32 digest
    ) external view
        returns (
            uint64 rootId,
            uint64 epoch,
            uint64 endHeight,
            bytes32 endBlockHash,
            bytes32 outboxRoot,
            uint64 outboxCount,
            uint256 weight,
            bool isComplete
        );

    /// The digest of the last complete checkpoint of a root chain; zero where there is none.
    function lastCheckpoint(uint64 rootId) external view returns (bytes32 digest);

    /// The signers of a checkpoint, ascending, and their signatures, joined as the root contract
    /// takes them.
    function checkpointSignatures(
        bytes32 digest
    ) external view returns (address[] memory signers, bytes memory signatures);
}
