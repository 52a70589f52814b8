// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// A token of a root chain, at its derived address: ERC-20, and the way back.
interface IBridgedToken {
    /// ERC-20.
    event Transfer(address indexed from, address indexed to, uint256 value);

    /// ERC-20.
    event Approval(address indexed owner, address indexed spender, uint256 value);

    /// A token's event at a withdrawal, as BTTC has it: the first topic is the receiver on the root
    /// chain, the second is zero.
    event WithdrawTo(address indexed from, address indexed to, uint256 amount);

    /// The root chain that the token is of.
    function rootId() external view returns (uint64);

    /// The token there.
    function rootToken() external view returns (address);

    /// ERC-20.
    function name() external view returns (string memory);

    /// ERC-20.
    function symbol() external view returns (string memory);

    /// ERC-20.
    function decimals() external view returns (uint8);

    /// ERC-20.
    function totalSupply() external view returns (uint256);

    /// ERC-20.
    function balanceOf(address account) external view returns (uint256);

    /// ERC-20.
    function allowance(address owner, address spender) external view returns (uint256);

    /// ERC-20.
    function transfer(address to, uint256 value) external returns (bool);

    /// ERC-20.
    function approve(address spender, uint256 value) external returns (bool);

    /// ERC-20.
    function transferFrom(address from, address to, uint256 value) external returns (bool);

    /// Burns the caller's tokens for as many on their root chain, which `rootId` must be.
    function withdrawTo(uint64 rootId, address to, uint256 amount) external returns (uint64 index);

    /// The same without naming it, as BTTC's tokens have it.
    function withdrawTo(address to, uint256 amount) external returns (uint64 index);
}
