// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// The validator set, at 0x0000000000000000000000000000000000001000; read-only, as genesis has it.
interface IValidatorSet {
    /// The number of the set; 0 is that of genesis.
    function epoch() external view returns (uint256);

    /// The weight of all validators.
    function totalWeight() external view returns (uint256);

    /// The weight of one; 0 for an address that is no validator.
    function weightOf(address validator) external view returns (uint256);

    /// Whether an address may make blocks.
    function isBlockMaker(address validator) external view returns (bool);

    /// How many validators there are.
    function validatorCount() external view returns (uint256);

    /// The validator at an index, in order of address; reverts beyond the last.
    function validators(uint256 index) external view returns (address);

    /// All validators and their weights, in order of address.
    function getValidators() external view returns (address[] memory, uint256[] memory);

    /// The same, for tools made for Bor; the set does not depend on `number`.
    function getBorValidators(uint256 number)
        external
        view
        returns (address[] memory, uint256[] memory);
}
