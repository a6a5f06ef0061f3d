"""Real programs on loopback: a streamd on ports that the kernel chooses, and what talks to it."""
import http.client
import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile

import pytest

BIN = pathlib.Path(os.environ["STREAMFLEET_BIN"])

CONFIG = """<icecast>
  <hostname>{hostname}</hostname>
  <limits><clients>2000</clients><sources>8</sources><queue-size>{queue}</queue-size></limits>
  <authentication><source-password>source-secret</source-password><admin-password>admin-secret</admin-password></authentication>
  <listen-socket><bind-address>127.0.0.1</bind-address><port>0</port></listen-socket>
  <mount><mount-name>/own</mount-name><password>own-secret</password><max-listeners>1</max-listeners></mount>
  <logging><accesslog>-</accesslog><errorlog>-</errorlog></logging>
  {security}
</icecast>
"""
SECURITY = "<security><changeowner><user>nobody</user><group>nogroup</group></changeowner></security>" if os.getuid() == 0 else ""


def config(hostname="localhost", queue=512000):
    return CONFIG.format(hostname=hostname, queue=queue, security=SECURITY)


class ControlConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("streamd", timeout=20)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(20)
        self.sock.connect(self.path)


class Streamd:
    def __init__(self, folder):
        self.folder = folder
        self.config = folder / "icecast.xml"
        self.control_path = str(folder / "streamd.sock")
        self.config.write_text(config())
        self.log = open(folder / "log", "w+b")
        ready_read, ready_write = os.pipe()
        self.process = subprocess.Popen(
            [BIN / "streamd", "-c", self.config, "--control", self.control_path, "--ready-fd", str(ready_write)],
            stderr=self.log, pass_fds=[ready_write])
        os.close(ready_write)
        with os.fdopen(ready_read) as ready:
            line = ready.readline()
        assert line, "streamd did not become ready: " + self.log_text()
        self.port = json.loads(line)["listen"][0]["port"]

    def log_text(self):
        return (self.folder / "log").read_text(errors="replace")

    def control(self, method, path, body=None):
        connection = ControlConnection(self.control_path)
        connection.request(method, path, body)
        answer = connection.getresponse()
        result = answer.status, json.loads(answer.read())
        connection.close()
        return result

    def status(self):
        return self.control("GET", "/v1/status")[1]

    def get(self, path, user=None, method="GET", headers=None):
        """Status, headers and body of a finite answer."""
        command = ["curl", "-sS", "-m", "10", "-i", "-X", method, f"http://127.0.0.1:{self.port}{path}"]
        if method == "HEAD":
            command.insert(1, "--head")
        if user:
            command[1:1] = ["-u", user]
        for header in headers or []:
            command[1:1] = ["-H", header]
        out = subprocess.run(command, check=True, capture_output=True).stdout
        head, _, body = out.partition(b"\r\n\r\n")
        return int(head.split()[1]), head.decode("latin-1"), body

    def stop(self):
        self.process.terminate()
        code = self.process.wait(20)
        text = self.log_text()
        self.log.close()
        assert "Sanitizer" not in text and "runtime error" not in text, text
        return code


@pytest.fixture
def streamd():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="streamd-test-"))
    folder.chmod(0o755)
    server = Streamd(folder)
    yield server
    assert server.stop() == 0
    shutil.rmtree(folder)
