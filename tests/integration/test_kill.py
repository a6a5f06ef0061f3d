"""kill -9 of the worker, and graceful restarts, under 500 listeners that check every byte."""
import base64
import os
import random
import selectors
import socket
import threading
import time

import pytest

LISTENERS = 500
ROUNDS = 10
FRAME = 417  # MPEG 1 layer III, 128 kbit/s at 44.1 kHz
TICK_S = 0.05
DEADLINE_S = 240


def frame(number):
    rng = random.Random(number)
    return b"\xff\xfb\x90\x00" + number.to_bytes(6, "big").replace(b"\xff", b"\xfe") + bytes(rng.randrange(0, 0xF0) for _ in range(FRAME - 10))


class Listener:
    def __init__(self, port, slow):
        self.slow = slow
        self.head = b""
        self.at = None  # position in what the source has sent
        self.sock = socket.socket()
        if slow:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.sock.connect(("127.0.0.1", port))
        self.sock.sendall(b"GET /live HTTP/1.0\r\n\r\n")
        self.sock.setblocking(False)

    def read(self, sent):
        try:
            data = self.sock.recv(900 if self.slow else 65536)
        except BlockingIOError:
            return
        assert data, "a listener was disconnected"
        if self.at is None:
            self.head += data
            head, end, data = self.head.partition(b"\r\n\r\n")
            if not end or len(data) < 64:
                return
            assert head.startswith(b"HTTP/1.0 200")
            self.at = sent.index(data[:64])
        assert sent[self.at:self.at + len(data)] == data, f"bytes differ after {self.at}"
        self.at += len(data)


class Swarm(threading.Thread):
    """A source and its listeners in one loop, until `enough` is set and each listener has what was sent by then."""

    def __init__(self, port):
        super().__init__()
        self.port = port
        self.sent = bytearray()
        self.frames = 0
        self.last_send = threading.Event()
        self.enough = threading.Event()
        self.listening = threading.Event()
        self.error = None
        self.source = socket.create_connection(("127.0.0.1", port))
        login = base64.b64encode(b"source:source-secret").decode()
        self.source.sendall(f"SOURCE /live HTTP/1.0\r\nAuthorization: Basic {login}\r\nContent-Type: audio/mpeg\r\n\r\n".encode())
        assert b"200" in self.source.recv(4096)

    def feed(self, n):
        data = b"".join(frame(self.frames + i) for i in range(n))
        self.frames += n
        self.sent += data
        self.source.sendall(data)
        self.last_send.set()

    def run(self):
        try:
            self.serve()
        except BaseException as e:  # told to the test's thread
            self.error = e
        self.listening.set()

    def serve(self):
        self.feed(200)
        fast, slow = selectors.DefaultSelector(), []
        listeners = [Listener(self.port, i % 10 == 9) for i in range(LISTENERS)]
        for listener in listeners:
            if listener.slow:
                slow.append(listener)
            else:
                fast.register(listener.sock, selectors.EVENT_READ, listener)
        due, until, goal = time.monotonic(), time.monotonic() + DEADLINE_S, None
        while True:
            now = time.monotonic()
            assert now < until, "not everything arrived in time"
            if now >= due and goal is None:
                self.feed(2)
                due += TICK_S
                for listener in slow:
                    listener.read(self.sent)
            elif goal is not None:  # nobody is slow any more: the source is silent now and would be dropped in 10 s
                for listener in slow:
                    listener.slow = False
                    listener.read(self.sent)
            for key, _ in fast.select(min(TICK_S, max(0, due - time.monotonic())) if goal is None else 0.001):
                key.data.read(self.sent)
            if not self.listening.is_set() and all(l.at is not None for l in listeners):
                self.listening.set()
            if self.enough.is_set() and goal is None:
                goal = len(self.sent) - 2 * FRAME  # the last frame shows its end only with the next one's head
            if goal is not None and all(l.at >= goal for l in listeners):
                return


def kill(streamd, pid):
    os.kill(pid, 9)


def restart(streamd, pid):
    code, answer = streamd.control("POST", "/v1/restart", "{}")
    assert code == 200, answer
    assert answer["listeners_before"] == answer["listeners_after"] == LISTENERS, answer


@pytest.mark.parametrize("how", [kill, restart])
def test_no_listener_loses_a_byte(streamd, how):
    rng = random.Random(20261124)
    swarm = Swarm(streamd.port)
    swarm.start()
    swarm.listening.wait(60)
    try:
        for _ in range(ROUNDS):
            pid = streamd.status()["worker_pid"]
            swarm.last_send.clear()
            assert swarm.last_send.wait(20) and swarm.error is None
            time.sleep(rng.uniform(0.001, 0.2))  # the moment of death, seeded
            how(streamd, pid)
            while streamd.status()["worker_pid"] == pid:
                assert swarm.error is None
        assert streamd.status()["listeners"] == LISTENERS, streamd.log_text()[-3000:]
    finally:
        swarm.enough.set()
        swarm.join()
    assert swarm.error is None, swarm.error
    status = streamd.status()
    assert status["uncarried"] == 0
    assert (status["crashes"] if how is kill else status["restarts"]) == ROUNDS
