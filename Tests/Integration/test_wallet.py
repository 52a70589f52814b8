"""`btt wallet` beside eth-account: each opens the other's key files and checks its signatures."""

import json

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data

import node

PASSWORD = "pässword 秘密"


@pytest.fixture
def wallet(tmp_path):
    """Runs `btt wallet` on a keystore of its own."""
    password = tmp_path / "password"
    password.write_text(PASSWORD + "\n")

    def run(command, *arguments, check=True, **environment):
        keystore = ["--keystore", tmp_path / "keys"]
        return node.btt(
            "wallet", command, *arguments, *keystore, "--password-file", password, "--json",
            check=check, **environment)

    run.json = lambda *arguments, **options: json.loads(run(*arguments, **options).stdout)
    run.directory = tmp_path
    return run


def key_file(wallet):
    [path] = (wallet.directory / "keys").iterdir()
    return path


@pytest.mark.parametrize("strength", [["--light-kdf"], []])
def test_eth_account_opens_a_key_file_of_ours(wallet, strength):
    made = wallet.json("new", *strength)
    content = json.loads(key_file(wallet).read_text())
    assert key_file(wallet).stat().st_mode & 0o077 == 0
    assert Account.from_key(Account.decrypt(content, PASSWORD)).address == made["address"]
    with pytest.raises(ValueError):
        Account.decrypt(content, PASSWORD + " ")


@pytest.mark.parametrize("kdf, work", [("scrypt", 4096), ("pbkdf2", 1000)])
def test_we_open_a_key_file_of_eth_account(wallet, kdf, work):
    account = Account.create()
    theirs = wallet.directory / "theirs.json"
    theirs.write_text(json.dumps(Account.encrypt(account.key, "other", kdf=kdf, iterations=work)))
    imported = wallet.json(
        "import", "--key-file", theirs, "--light-kdf", BTT_KEY_PASSWORD="other")
    assert imported["address"] == account.address
    again = json.loads(key_file(wallet).read_text())
    assert Account.decrypt(again, PASSWORD) == account.key


def test_a_mnemonic_gives_the_same_keys(wallet):
    Account.enable_unaudited_hdwallet_features()
    account, phrase = Account.create_with_mnemonic(num_words=24, account_path="m/44'/60'/0'/0/3")
    imported = wallet.json(
        "import", "--index", "3", "--light-kdf", BTT_MNEMONIC=phrase)
    assert imported["address"] == account.address


@pytest.fixture
def ours(wallet):
    """A key of eth-account in our keystore."""
    account = Account.create()
    wallet.json("import", "--light-kdf", BTT_PRIVATE_KEY="0x" + account.key.hex())
    return account


def test_signatures_of_messages_are_the_same(wallet, ours):
    for text in ("", "It's me", "ünïcødé \n two lines"):
        message = encode_defunct(text=text)
        signature = wallet.json("sign", "--message", text)["signature"]
        assert Account.recover_message(message, signature=signature) == ours.address
        assert signature == "0x" + ours.sign_message(message).signature.hex()
    raw = bytes(range(256))
    signature = wallet.json("sign", "--message-hex", "0x" + raw.hex())["signature"]
    assert Account.recover_message(encode_defunct(raw), signature=signature) == ours.address


def test_signatures_of_typed_data_are_the_same(wallet, ours):
    data = {
        "types": {
            "EIP712Domain": [
                {"name": "name", "type": "string"}, {"name": "chainId", "type": "uint256"},
                {"name": "verifyingContract", "type": "address"}],
            "Item": [{"name": "id", "type": "bytes32"}, {"name": "size", "type": "uint64"}],
            "Order": [
                {"name": "to", "type": "address"}, {"name": "items", "type": "Item[]"},
                {"name": "note", "type": "string"}, {"name": "data", "type": "bytes"}]},
        "primaryType": "Order",
        "domain": {"name": "shop", "chainId": 1337, "verifyingContract": ours.address},
        "message": {
            "to": ours.address, "note": "grüße", "data": "0x0102",
            "items": [{"id": "0x" + "ab" * 32, "size": 5}, {"id": "0x" + "cd" * 32, "size": 7}]}}
    path = wallet.directory / "order.json"
    path.write_text(json.dumps(data))
    signature = wallet.json("sign", "--typed-data", path)["signature"]
    message = encode_typed_data(full_message=data)
    assert Account.recover_message(message, signature=signature) == ours.address
    assert signature == "0x" + ours.sign_message(message).signature.hex()


def test_an_exported_key_file_opens_elsewhere(wallet, ours):
    out = wallet.directory / "out.json"
    wallet("export", ours.address, "--out", out, "--light-kdf", BTT_NEW_PASSWORD="new one")
    assert Account.decrypt(out.read_text(), "new one") == ours.key


def test_a_wrong_password_is_said_so_and_tells_no_secret(wallet, ours):
    (wallet.directory / "password").write_text("wrong\n")
    done = wallet("sign", "--message", "x", check=False)
    assert done.returncode == 1
    assert json.loads(done.stderr or done.stdout)["error"]["code"] == "wrong-password"
    assert "wrong\n" not in done.stderr and ours.key.hex() not in done.stderr + done.stdout


def test_damaged_key_files_are_said_so(wallet, ours):
    path = key_file(wallet)
    content = json.loads(path.read_text())
    text = json.dumps(content)
    mac = content["crypto"]["mac"]
    damages = [
        text[:-20], "", "{}", "[]", "\0", text.replace(mac, mac[::-1]),
        text.replace('"version": 3', '"version": 4'), text.replace("aes-128-ctr", "rot13"),
        text.replace('"n": 4096', '"n": 4095'), text.replace('"n": 4096', '"n": 1073741824')]
    for damaged in damages:
        assert damaged != text
        path.write_text(damaged)
        done = wallet("sign", "--message", "x", "--from", ours.address, check=False)
        assert done.returncode == 1 and done.stderr, damaged
        assert ours.key.hex() not in done.stderr + done.stdout


def test_a_key_of_ours_pays_on_a_devnet(wallet, ours, chain):
    giver = chain.rich[6]
    chain.send(giver, chain.transaction(giver, ours.address, 10**18))
    paid = json.loads(node.btt(
        "send", giver.address, "0.5", "--yes", "--json", "--rpc", chain.process.url,
        "--keystore", wallet.directory / "keys",
        "--password-file", wallet.directory / "password").stdout)
    transaction = chain.w3.eth.get_transaction(paid["hash"])
    assert transaction["from"] == ours.address and transaction.value == 5 * 10**17
