// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// Payment channels and payers' vaults, at 0x0000000000000000000000000000000000002000.
///
/// A channel runs from one payer to one payee. Vouchers signed off the ledger say how much of its
/// deposit is the payee's in all; anybody may settle one, and what it is worth goes to the payee.
/// Amounts are in wei; channels hold at most 2^112 - 1. Refusals revert with Error(string).
interface IChannels {
    /// Everything that a channel is, apart from its money. The module keeps only the hash of it.
    struct Channel {
        address payer;
        address payee;
        /// Whose key signs the vouchers; zero means the payer's own.
        address signer;
        /// A word of the payer's choice.
        bytes32 salt;
        /// The least seconds from requestClose to withdraw.
        uint32 graceSeconds;
        /// The least blocks with room from requestClose to withdraw.
        uint32 graceBlocks;
        /// How many channels the payer had opened before this one.
        uint64 openCount;
    }

    /// What a payer chooses when it opens a channel.
    struct Terms {
        address payee;
        address signer;
        bytes32 salt;
        uint32 graceSeconds;
        uint32 graceBlocks;
        uint128 deposit;
    }

    /// An item of topUpMany.
    struct TopUp {
        Channel channel;
        uint128 amount;
    }

    /// An item of settleMany: a channel, and a voucher of its signer.
    struct Settlement {
        Channel channel;
        uint128 cumulativeAmount;
        bytes signature;
    }

    /// What settleMany did with an item: 0 and what the payee got, or why nothing.
    struct Result {
        uint8 failure;
        uint128 paid;
    }

    /// What the ledger keeps of a channel; all zero when it is not open. The last three are zero
    /// unless the payer has asked for the close.
    struct State {
        uint128 settled;
        uint128 deposit;
        uint32 closeRequestedAt;
        uint64 roomBlocksAtRequest;
        uint64 heightAtRequest;
    }

    /// Coin came into a vault, whose balance is then `balance`.
    event VaultDeposited(address indexed payer, uint128 amount, uint128 balance);

    /// Coin left a vault for the payer's balance.
    event VaultWithdrawn(address indexed payer, uint128 amount, uint128 balance);

    /// A channel was opened; the event has the whole descriptor.
    event ChannelOpened(
        bytes32 indexed id,
        address indexed payer,
        address indexed payee,
        address signer,
        bytes32 salt,
        uint32 graceSeconds,
        uint32 graceBlocks,
        uint64 openCount,
        uint128 deposit
    );

    /// A deposit was raised to `deposit`, which clears a request to close.
    event ChannelToppedUp(
        bytes32 indexed id,
        address indexed payer,
        address indexed payee,
        uint128 amount,
        uint128 deposit
    );

    /// The payee got `paid`, and `settled` in all.
    event ChannelSettled(
        bytes32 indexed id,
        address indexed payer,
        address indexed payee,
        uint128 paid,
        uint128 settled,
        uint128 deposit
    );

    /// The payer asked for the close.
    event CloseRequested(
        bytes32 indexed id,
        address indexed payer,
        address indexed payee,
        uint32 at,
        uint64 roomBlocks,
        uint128 settled,
        uint128 deposit
    );

    /// The channel is gone: the payee got `paid` now and `settled` in all, the payer's vault
    /// `refund`.
    event ChannelClosed(
        bytes32 indexed id,
        address indexed payer,
        address indexed payee,
        uint128 paid,
        uint128 settled,
        uint128 refund
    );

    /// Adds the coin sent along to the caller's vault.
    function vaultDeposit() external payable;

    /// Moves coin from the caller's vault to its balance.
    function vaultWithdraw(uint128 amount) external;

    /// Opens a channel with money of the caller's vault.
    function open(Terms calldata terms) external returns (bytes32 id);

    /// Opens up to 256 channels, all or none.
    function openMany(Terms[] calldata terms) external returns (bytes32[] memory ids);

    /// Raises a deposit from the vault of the caller, who is the payer, and clears its request to
    /// close.
    function topUp(Channel calldata channel, uint128 amount) external;

    /// Raises up to 256 deposits, all or none.
    function topUpMany(TopUp[] calldata items) external;

    /// Pays the payee what a voucher is above what was settled before, as far as the deposit goes.
    /// Anybody may call it.
    function settle(Channel calldata channel, uint128 cumulativeAmount, bytes calldata signature)
        external
        returns (uint128 paid);

    /// Settles up to 1024 items, each on its own.
    function settleMany(Settlement[] calldata items) external returns (Result[] memory results);

    /// Ends a channel as its payee: `capture` in all to the payee, the rest to the payer's vault.
    /// Without a capture above what was settled, the voucher is not looked at.
    function close(
        Channel calldata channel,
        uint128 capture,
        uint128 cumulativeAmount,
        bytes calldata signature
    ) external returns (uint128 paid);

    /// Ends a channel at once as its payer, with the payee's release, valid for at most 10 minutes.
    function closeMutual(
        Channel calldata channel,
        uint128 capture,
        uint64 validUntil,
        bytes calldata releaseSignature,
        uint128 cumulativeAmount,
        bytes calldata signature
    ) external returns (uint128 paid);

    /// Starts the grace time as the payer. A second request changes nothing.
    function requestClose(Channel calldata channel) external;

    /// Ends a channel as its payer after the grace time: what is not settled goes to the vault.
    function withdraw(Channel calldata channel) external returns (uint128 refund);

    /// A payer's free money, and how many channels it has opened.
    function vault(address payer) external view returns (uint128 balance, uint64 openCount);

    /// The id of a descriptor on this chain, open or not: keccak256(abi.encode(payer, payee,
    /// signer, salt, graceSeconds, graceBlocks, openCount, this module, chain id)).
    function channelId(Channel calldata channel) external view returns (bytes32 id);

    /// The ids that the payer's next openings would get.
    function nextChannelIds(address payer, Terms[] calldata terms)
        external
        view
        returns (bytes32[] memory ids);

    /// A channel's state.
    function channelState(bytes32 id)
        external
        view
        returns (
            uint128 settled,
            uint128 deposit,
            uint32 closeRequestedAt,
            uint64 roomBlocksAtRequest,
            uint64 heightAtRequest
        );

    /// The states of up to 1024 channels.
    function channelStates(bytes32[] calldata ids) external view returns (State[] memory states);

    /// How many blocks with room for payees' answers there have been.
    function blocksWithRoom() external view returns (uint64);

    /// The chain's bounds of grace times.
    function graceBounds()
        external
        view
        returns (uint32 minSeconds, uint32 maxSeconds, uint32 minBlocks, uint32 maxBlocks);

    /// What a signer signs: EIP-712's digest of Voucher(bytes32 channelId,uint128 cumulativeAmount).
    function voucherDigest(bytes32 id, uint128 cumulativeAmount) external view returns (bytes32);

    /// What a payee signs: EIP-712's digest of
    /// Release(bytes32 channelId,uint128 capture,uint64 validUntil).
    function releaseDigest(bytes32 id, uint128 capture, uint64 validUntil)
        external
        view
        returns (bytes32);

    /// The hash of the EIP-712 domain.
    function domainSeparator() external view returns (bytes32);
}
