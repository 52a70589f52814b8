// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// The native coin as an ERC-20 token, at 0x0000000000000000000000000000000000001010.
///
/// There are no allowances: a module account moves nobody's coin but its caller's.
interface IBTT {
    /// Coin was moved by `transfer`. Plain transactions leave no event.
    event Transfer(address indexed from, address indexed to, uint256 value);

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
}
