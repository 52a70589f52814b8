"""Bad input over raw sockets: each gets an answer with its cause, and the node stays up."""

import json
import resource
import socket
import time

import pytest

import node

CALL = b'{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]}'


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A validator's node with short times and few connections, so that tests need not wait."""
    directory = node.NodeDirectory(tmp_path_factory.mktemp("http"))
    directory.init()
    with directory.start(
        "--set", "rpc.read_timeout=400ms", "--set", "rpc.idle_timeout=600ms",
        "--set", "rpc.max_connections=100", "--set", "rpc.max_batch=50",
        "--set", "rpc.cors_origins=https://wallet.example"
    ) as process:
        # No reuse of connections that the server may be closing for idleness.
        process.session.headers["Connection"] = "close"
        process.token = (directory.data / "admin.token").read_text().strip()
        yield process


@pytest.fixture(autouse=True)
def still_up(server):
    yield
    assert server.rpc("eth_chainId") == "0x539"


def connect(server):
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    return connection


def read_all(connection):
    received = b""
    try:
        while chunk := connection.recv(65_536):
            received += chunk
    except ConnectionResetError:
        pass
    return received


def exchange(server, request):
    with connect(server) as connection:
        connection.sendall(request)
        return read_all(connection)


def status(reply):
    return int(reply.split(b" ", 2)[1])


def request(body=CALL, host="127.0.0.1", **headers):
    lines = {"Host": host, "Content-Type": "application/json", "Connection": "close",
             "Content-Length": len(body)}
    lines |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {v}\r\n" for name, v in lines.items() if v is not None)
    return b"POST / HTTP/1.1\r\n" + head.encode() + b"\r\n" + body


def error_code(server, body):
    reply = server.post(body)
    assert reply.status_code == 200
    return reply.json()["error"]["code"]


def test_bad_json_is_a_parse_error(server):
    for body in (b"", b"{", b"[1,", b'{"a":01}', b"\xff\xfe", b"nul", b'"' + b"a" * 100, b"[" * 500,
                 b'{"jsonrpc":"2.0","id":1,"method":"\xc3(","params":[]}'):
        assert error_code(server, body) == -32700, body


def test_json_that_is_no_request_is_told_so(server):
    for body in (b"1", b'"x"', b"null", b"{}", b"[]", b'{"id":1}', b'{"jsonrpc":"1.0","id":1}',
                 b'{"jsonrpc":"2.0","id":1,"method":5}',
                 b'{"jsonrpc":"2.0","id":{},"method":"eth_chainId"}'):
        assert error_code(server, body) == -32600, body
    assert error_code(server, b'{"jsonrpc":"2.0","id":1,"method":"eth_nope"}') == -32601


@pytest.mark.parametrize("params", [
    ["0x12"], ["0x" + "zz" * 20], [5], [None], [{}], [], ["0x" + "00" * 20, "0x01"],
    ["0x" + "00" * 20, "soon"], ["0x" + "00" * 20, {"blockHash": "0x1"}],
    ["0x" + "00" * 20, "latest", "more"], ["0x" + "00" * 20, "0x1" + "0" * 40]])
def test_arguments_of_a_wrong_kind_are_invalid_params(server, params):
    with pytest.raises(node.RPCFailure) as failure:
        server.rpc("eth_getBalance", *params)
    assert failure.value.code == -32602 and failure.value.message


def test_a_giant_body_is_refused_before_it_is_sent(server):
    reply = exchange(server, request(b"", Content_Length=1 << 40))
    assert status(reply) == 413
    chunks = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" \
        b"Transfer-Encoding: chunked\r\n\r\n"
    with connect(server) as connection:
        try:
            connection.sendall(chunks)
            block = b"%x\r\n" % (1 << 20) + b" " * (1 << 20) + b"\r\n"
            for _ in range(12):
                connection.sendall(block)
            reply = read_all(connection)
        except (BrokenPipeError, ConnectionResetError):
            reply = b""
    assert not reply or status(reply) == 413


def test_giant_batches_and_headers_are_refused(server):
    batch = [{"jsonrpc": "2.0", "id": i, "method": "eth_chainId"} for i in range(51)]
    [refusal] = server.post(batch).json()
    assert refusal["error"]["message"] == "batch too large"
    reply = exchange(server, request(X_Padding="x" * 200_000))
    assert not reply or status(reply) in (400, 431)


def test_garbage_that_is_no_http_ends_the_connection(server):
    for garbage in (b"\0" * 100, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\1" * 300,
                    b"GET / HTTP/9.9\r\n\r\n", b"POST\r\n\r\n", b"POST / HTTP/1.1\r\nA\r\n\r\n",
                    b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n"):
        reply = exchange(server, garbage)
        assert not reply or 400 <= status(reply) < 600


def test_slow_clients_lose_their_connection(server):
    whole = request()
    with connect(server) as half_head, connect(server) as half_body, connect(server) as dribble:
        half_head.sendall(whole[:30])
        half_body.sendall(whole[:-5])
        start = time.monotonic()
        with pytest.raises(OSError):
            # A byte now and then gains nothing.
            for byte in whole[:-1]:
                dribble.sendall(bytes([byte]))
                dribble.settimeout(0.05)
                try:
                    if dribble.recv(1) == b"":
                        raise ConnectionResetError
                except TimeoutError:
                    pass
        for connection in (half_head, half_body):
            reply = read_all(connection)
            assert not reply or status(reply) == 408
        assert time.monotonic() - start < 5


def test_idle_sockets_do_not_keep_others_out(server):
    idle = []
    try:
        for _ in range(400):
            idle.append(connect(server))
        start = time.monotonic()
        for _ in range(20):
            reply = exchange(server, request())
            assert status(reply) == 200
        assert time.monotonic() - start < 5
    finally:
        for connection in idle:
            connection.close()


def test_thousands_of_idle_sockets_are_no_harm(chain):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    idle = []
    try:
        for _ in range(min(3000, min(hard, 8192) - 200)):
            idle.append(connect(chain.process))
        start = time.monotonic()
        for _ in range(20):
            assert status(exchange(chain.process, request())) == 200
        assert time.monotonic() - start < 5
    finally:
        for connection in idle:
            connection.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_other_names_in_the_host_header_are_refused(server):
    assert status(exchange(server, request(host="evil.example"))) == 403
    assert status(exchange(server, request(host="localhost.evil.example:80"))) == 403
    assert status(exchange(server, request(host=None))) == 400
    for host in ("localhost", "LOCALHOST:99", "127.0.0.1", "[::1]:8545"):
        assert status(exchange(server, request(host=host))) == 200


def test_only_listed_origins_may_read(server):
    good = exchange(server, request(Origin="https://wallet.example")).lower()
    assert b"access-control-allow-origin: https://wallet.example" in good
    evil = exchange(server, request(Origin="https://evil.example")).lower()
    assert b"access-control-allow-origin" not in evil
    assert status(exchange(server, request(Content_Type="text/plain"))) == 415


def test_methods_of_developers_are_not_there_on_a_node(server):
    for method in ("btt_mine", "evm_mine", "evm_increaseTime", "anvil_mine"):
        with pytest.raises(node.RPCFailure) as failure:
            server.rpc(method)
        assert failure.value.code == -32601


def test_a_wrong_token_is_refused_and_a_right_one_is_not(server):
    body = json.loads(CALL)
    assert server.post(body, headers={"Authorization": "Bearer nonsense"}).status_code == 401
    assert server.post(body, headers={"Authorization": f"Bearer {server.token}"}).ok


def test_with_auth_all_every_request_needs_the_token(node_directory):
    with node_directory.start("--set", "rpc.auth=all") as process:
        with pytest.raises(node.RPCFailure, match="administrator"):
            process.rpc("eth_chainId")
        token = (node_directory.data / "admin.token").read_text().strip()
        assert (node_directory.data / "admin.token").stat().st_mode & 0o077 == 0
        body = json.loads(CALL)
        reply = process.post(body, headers={"Authorization": f"Bearer {token}"}).json()
        assert reply["result"] == "0x539"
        token_file = node_directory.data / "admin.token"
        answer = node.btt(
            "rpc", "eth_chainId", "--rpc", process.url, "--token-file", token_file, "--json")
        assert json.loads(answer.stdout)["result"] == "0x539"


def test_a_public_address_without_a_token_is_refused(node_directory):
    done = node_directory.run(
        "run", "--key-file", node_directory.key, "--rpc-host", "0.0.0.0", "--rpc-port", "0",
        check=False)
    assert done.returncode == 1
    assert "rpc.auth" in done.stderr and "0.0.0.0" in done.stderr


def test_a_port_that_is_taken_is_said_so(server, node_directory):
    done = node_directory.run(
        "run", "--key-file", node_directory.key, "--rpc-port", server.port, check=False)
    assert done.returncode == 1
    assert str(server.port) in done.stderr and "in use" in done.stderr


def test_health_is_told(server):
    for path in ("live", "ready"):
        reply = server.session.get(f"{server.url}/health/{path}")
        assert reply.status_code == 200
    assert server.session.get(f"{server.url}/nothing").status_code == 404
    assert server.session.put(server.url).status_code == 405
