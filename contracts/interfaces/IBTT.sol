// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// The native coin as an ERC-20 token, at 0x0000000000000000000000000000000000001010.
///
/// There are no allowances: a module account moves nobody's coin but its caller's.
interface IBTT {
    /// A leaf of an outbox.
    struct Withdrawal {
        address rootToken;
        address receiver;
        uint256 amount;
        uint64 height;
    }

    /// Coin was moved by `transfer`. Plain transactions leave no event.
    event Transfer(address indexed from, address indexed to, uint256 value);

    /// A token's event at a withdrawal, as BTTC has it: the first topic is the receiver on the root
    /// chain, the second is zero.
    event WithdrawTo(address indexed from, address indexed to, uint256 amount);

    /// A leaf was appended to an outbox; `sender` burned for it, or is the state receiver at a
    /// refund.
    event WithdrawalAdded(
        uint64 indexed rootId,
        uint64 indexed index,
        address indexed sender,
        address rootToken,
        address receiver,
        uint256 amount
    );

    /// "BitTorrent".
    function name() external view returns (string memory);

    /// "BTT".
    function symbol() external view returns (string memory);

    /// 18.
    function decimals() external view returns (uint8);

    /// All coin there is: what genesis issued, less what was burned.
    function totalSupply() external view returns (uint256);

    /// The coin burned since genesis.
    function burned() external view returns (uint256);

    /// The coin that nobody holds: this account's own balance.
    function reserve() external view returns (uint256);

    /// All coin but the reserve.
    function circulatingSupply() external view returns (uint256);

    /// The native balance of an account.
    function balanceOf(address account) external view returns (uint256);

    /// Moves coin from the caller's balance; or, with the same value sent along, that coin.
    function transfer(address to, uint256 value) external payable returns (bool);

    /// Sends the caller's coin back to a root chain.
    function withdrawTo(
        uint64 rootId,
        address to,
        uint256 amount
    ) external payable returns (uint64 index);

    /// The same to the home root, as BTTC's tokens have it.
    function withdrawTo(address to, uint256 amount) external payable returns (uint64 index);

    /// The root and the count of an outbox.
    function outbox(uint64 rootId) external view returns (bytes32 root, uint64 count);

    /// The root of an outbox when it had so many leaves; zero where it never had.
    function outboxRoot(uint64 rootId, uint64 count) external view returns (bytes32);

    /// A leaf's content; zeros where there is none.
    function withdrawal(
        uint64 rootId,
        uint64 index
    ) external view returns (address rootToken, address receiver, uint256 amount, uint64 height);

    /// Up to 256 leaves' contents from `first` on.
    function withdrawals(
        uint64 rootId,
        uint64 first,
        uint64 count
    ) external view returns (Withdrawal[] memory items);

    /// BTT that came from a root chain less what went back.
    function book(uint64 rootId) external view returns (uint256);
}
