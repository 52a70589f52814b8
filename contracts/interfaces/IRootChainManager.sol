// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// Holds what was deposited from a root chain and pays proven withdrawals.
/// Encodings, rules and limits: docs/specs/bridge.md. Refusals revert with Error(string).
interface IRootChainManager {
    struct Limits {
        /// The least that one deposit credits.
        uint256 minDeposit;
        /// The most that is locked in all.
        uint256 depositCap;
        /// The most that is claimed at once in a UTC day.
        uint256 dailyLimit;
    }

    struct Token {
        /// Its token on the sidechain; zero when it is not mapped.
        address childToken;
        Limits limits;
        /// Deposited less claimed.
        uint256 locked;
    }

    /// A leaf of the outbox.
    struct Withdrawal {
        uint64 index;
        address rootToken;
        address receiver;
        uint256 amount;
        /// The sidechain's block that appended it.
        uint64 height;
    }

    event TokenMapped(
        address indexed rootToken,
        address indexed childToken,
        bytes32 indexed tokenType
    );
    event LimitsChanged(
        address indexed rootToken,
        uint256 minDeposit,
        uint256 depositCap,
        uint256 dailyLimit
    );
    event LockedERC20(
        address indexed depositor,
        address indexed depositReceiver,
        address indexed rootToken,
        uint256 amount
    );
    event LockedEther(address indexed depositor, address indexed depositReceiver, uint256 amount);
    event Claimed(
        uint64 indexed index,
        address indexed rootToken,
        address indexed receiver,
        uint256 amount,
        address paidTo,
        uint256 checkpoint
    );
    event ClaimDelayed(
        uint64 indexed index,
        address indexed rootToken,
        address indexed receiver,
        uint256 amount,
        uint256 readyAt
    );
    event Paused(address indexed by);
    event Unpaused();
    event GuardianChanged(address indexed guardian);
    event AdminChanged(address indexed admin);
    event ChangeScheduled(bytes32 indexed id, uint256 readyAt, bytes change);
    event ChangeCancelled(bytes32 indexed id);
    event ChangeMade(bytes32 indexed id);

    /// Deposits approved tokens; depositData is abi.encode(uint256 amount).
    function depositFor(address user, address rootToken, bytes calldata depositData) external;

    /// Deposits the ether sent along. Ether sent without call data is deposited for its sender.
    function depositEtherFor(address user) external payable;

    /// Pays a withdrawal to its receiver; false when a day's wait for it began instead.
    function claim(
        uint256 checkpoint,
        Withdrawal calldata withdrawal,
        bytes32[32] calldata proof
    ) external returns (bool);

    /// Pays the caller's own withdrawal elsewhere.
    function claimTo(
        uint256 checkpoint,
        Withdrawal calldata withdrawal,
        bytes32[32] calldata proof,
        address to
    ) external returns (bool);

    /// Stops deposits and claims; for the guardian and the admin.
    function pause() external;

    /// Announces a change, call data for this contract; gives its id, the hash of that.
    function scheduleChange(bytes calldata change) external returns (bytes32);

    /// Takes a scheduled change back.
    function cancelChange(bytes32 id) external;

    /// Makes a change whose time has come.
    function makeChange(bytes calldata change) external;

    /// Starts deposits and claims again; only as a scheduled change, like the next four.
    function unpause() external;
    function setGuardian(address guardian) external;
    function setAdmin(address admin) external;
    function setLimits(address rootToken, Limits calldata limits) external;
    function mapToken(
        address rootToken,
        string calldata name,
        string calldata symbol,
        uint8 decimals,
        Limits calldata limits
    ) external;

    /// A token's child, limits and locked amount.
    function token(address rootToken) external view returns (Token memory);

    /// A token's child; zero when it is not mapped.
    function rootToChildToken(address rootToken) external view returns (address);

    /// The child that a token other than BTT has, or would have.
    function childTokenOf(address rootToken) external view returns (address);

    /// Whether a withdrawal was paid.
    function isSpent(uint64 index) external view returns (bool);

    /// The leaf of a withdrawal.
    function leafHash(Withdrawal calldata withdrawal) external view returns (bytes32);

    /// What the day's limit leaves for claims.
    function claimableToday(address rootToken) external view returns (uint256);

    /// What was claimed on a day, counted from 1970, within its limit.
    function claimedOn(address rootToken, uint256 day) external view returns (uint256);

    /// When a withdrawal above a day's limit may be paid, by its leaf; 0 before its first claim.
    function claimReadyAt(bytes32 leaf) external view returns (uint256);

    /// When a change may be made; 0 when it is not scheduled.
    function changeReadyAt(bytes32 id) external view returns (uint256);

    function paused() external view returns (bool);
    function guardian() external view returns (address);
    function admin() external view returns (address);

    /// The seconds that every change waits.
    function DELAY() external view returns (uint256);

    /// Chain id of the sidechain.
    function SIDECHAIN_ID() external view returns (uint256);

    /// Which root chain this is; BTTC's name for it.
    function CHAIN_ID() external view returns (uint64);

    function OUTBOX() external view returns (address);
    function STATE_RECEIVER() external view returns (address);
    function STATE_SENDER() external view returns (address);
    function CHECKPOINTS() external view returns (address);

    /// The address that stands for ether.
    function NATIVE() external view returns (address);
}
