"""streamd with the programs that feed and play it."""
import json
import os
import subprocess
import threading
import xml.etree.ElementTree

import pytest

from conftest import BIN, config

LOGIN = "source:source-secret"


def make_audio(folder, codec, kind, seconds=120):
    path = folder / f"tone.{kind}"
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", f"sine=440:duration={seconds}:sample_rate=48000", "-ac", "2", "-c:a", codec,
                    "-f", kind, "-y", path], check=True)
    return path


class Feeder:
    """ffmpeg as a source in real time; ready when streamd lists the mount's source."""

    def __init__(self, streamd, path, kind, mount, content_type):
        self.process = subprocess.Popen(
            ["ffmpeg", "-v", "error", "-re", "-i", path, "-c", "copy", "-f", kind, "-content_type", content_type,
             f"icecast://{LOGIN}@127.0.0.1:{streamd.port}{mount}"])
        for _ in range(2000):
            if any(m["mount"] == mount and m["source"] for m in streamd.status()["mounts"]):
                return
            assert self.process.poll() is None, "ffmpeg ended: " + streamd.log_text()
        raise AssertionError("the source did not appear")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def listen(streamd, mount, nbytes, headers=()):
    """The first nbytes that curl receives."""
    command = ["curl", "-sSN", "-m", "60", f"http://127.0.0.1:{streamd.port}{mount}"]
    for header in headers:
        command[1:1] = ["-H", header]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    data = process.stdout.read(nbytes)
    process.kill()
    process.wait()
    return data


def test_mp3_is_served_byte_for_byte_from_a_frame_on_across_a_kill_and_a_restart(streamd):
    source = make_audio(streamd.folder, "libmp3lame", "mp3")
    whole = source.read_bytes()
    with Feeder(streamd, source, "mp3", "/live", "audio/mpeg"):
        result = {}
        thread = threading.Thread(target=lambda: result.update(data=listen(streamd, "/live", 160000)))
        thread.start()
        while streamd.status()["listeners"] == 0:
            pass
        before = streamd.status()["worker_pid"]
        os.kill(before, 9)
        while streamd.status()["worker_pid"] == before:
            pass
        code, answer = streamd.control("POST", "/v1/restart", "{}")
        assert code == 200 and answer["listeners_after"] == answer["listeners_before"] == 1 and answer["sources_after"] == 1
        thread.join()
        assert len(result["data"]) == 160000
        assert result["data"] in whole
        assert result["data"][0] == 0xFF and result["data"][1] & 0xE0 == 0xE0
        assert streamd.status()["crashes"] == 1


@pytest.mark.parametrize("codec,kind,decoder", [
    ("libvorbis", "ogg", ["ogg123", "-q", "-d", "null", "-"]),
    ("libopus", "ogg", ["ffmpeg", "-v", "error", "-i", "-", "-f", "null", "-"]),
    ("flac", "ogg", ["ffmpeg", "-v", "error", "-i", "-", "-f", "null", "-"]),
    ("libmp3lame", "mp3", ["mpg123", "-q", "-t", "-"]),
])
def test_a_late_joiner_can_decode(streamd, codec, kind, decoder):
    source = make_audio(streamd.folder, codec, kind)
    with Feeder(streamd, source, kind, "/live", "application/ogg" if kind == "ogg" else "audio/mpeg"):
        listen(streamd, "/live", 40000)
        data = listen(streamd, "/live", 60000)
    assert data[:4] == b"OggS" if kind == "ogg" else data[0] == 0xFF
    played = subprocess.run(decoder, input=data, capture_output=True)
    assert played.returncode == 0, played.stderr


def test_titles_travel_by_icy_metadata_and_status_json(streamd):
    source = make_audio(streamd.folder, "libmp3lame", "mp3")
    with Feeder(streamd, source, "mp3", "/live", "audio/mpeg"):
        code, _, body = streamd.get("/admin/metadata?mount=/live&mode=updinfo&song=A%20%26%20B", LOGIN)
        assert code == 200 and b"<return>1</return>" in body
        data = listen(streamd, "/live", 34000, ["Icy-MetaData: 1"])
        head = subprocess.run(["curl", "-sN", "-m", "1", "-H", "Icy-MetaData: 1", "-D", "-", "-o", "/dev/null",
                               f"http://127.0.0.1:{streamd.port}/live"], capture_output=True).stdout
        assert b"icy-metaint:16000" in head
        assert b"StreamTitle='A & B';" in data[16000:16000 + 1 + 255 * 16]
        status = json.loads(streamd.get("/status-json.xsl")[2])
        assert status["icestats"]["source"]["title"] == "A & B"


def test_curl_feeds_with_put_and_wrong_passwords_are_refused(streamd):
    source = make_audio(streamd.folder, "libmp3lame", "mp3", 5)
    url = f"http://127.0.0.1:{streamd.port}/put"
    refused = subprocess.run(["curl", "-s", "-m", "10", "-o", "/dev/null", "-w", "%{http_code}", "-u", "source:wrong", "-T", source, url],
                             capture_output=True)
    assert refused.stdout == b"401"
    accepted = subprocess.run(["curl", "-s", "-m", "20", "-o", "/dev/null", "-w", "%{http_code}", "-u", LOGIN, "-H",
                               "Content-Type: audio/mpeg", "-T", source, url], capture_output=True)
    assert accepted.stdout == b"200", streamd.log_text()


def test_pages_need_the_right_login_and_say_what_is(streamd):
    assert streamd.get("/health")[0] == 200
    assert streamd.get("/ready")[0] == 200
    assert streamd.get("/health", method="HEAD")[0] == 200
    assert b"streamd_listeners 0\n" in streamd.get("/metrics")[2]
    assert streamd.get("/admin/stats")[0] == 401
    code, _, body = streamd.get("/admin/stats", "admin:admin-secret")
    assert code == 200 and xml.etree.ElementTree.fromstring(body).tag == "icestats"
    assert streamd.get("/admin/killsource?mount=/none", "admin:admin-secret")[0] == 400
    assert streamd.get("/nothing")[0] == 404
    assert streamd.get("/v1/status")[0] == 404


def test_a_broken_file_changes_nothing_and_says_where(streamd):
    before = streamd.status()["config"]["sha256"]
    streamd.config.write_text("<icecast>\n<limits>\n<clients>many</clients></limits></icecast>")
    code, answer = streamd.control("POST", "/v1/reload", "{}")
    assert code == 422 and answer["err"] == "invalid_config"
    assert any(f["line"] == 3 and f["path"] == "limits/clients" for f in answer["findings"])
    assert streamd.status()["config"]["sha256"] == before


def test_a_reload_says_what_changed_and_keeps_secrets_out_of_sight(streamd):
    streamd.config.write_text(config(hostname="radio.example").replace("own-secret", "fresh-secret"))
    code, answer = streamd.control("POST", "/v1/reload", "{}")
    assert code == 200
    changes = {c["path"]: c for c in answer["changed"]}
    assert changes["hostname"]["new"] == "radio.example"
    assert changes["mount /own: password"]["new"] == "***"
    code, shown = streamd.control("GET", "/v1/config")
    assert "secret" not in shown["xml"] and shown["xml"].count("@keep") == 3
    code, filled = streamd.control("POST", "/v1/config/fill", shown["xml"])
    assert code == 200 and filled["kept"] == 3 and "fresh-secret" in filled["xml"]
    assert filled["sha256"] == shown["sha256"]


def test_a_check_plans_and_changes_nothing(streamd):
    code, answer = streamd.control("POST", "/v1/config/check", config(queue=700000))
    assert code == 200 and answer["ok"] and answer["plan"]["class"] == "reload"
    assert [c["path"] for c in answer["plan"]["changes"]] == ["limits/queue-size"]
    code, answer = streamd.control("POST", "/v1/config/check", "<icecast><mount><mount-name>/a</mount-name><fallback-mount>/a</fallback-mount></mount>")
    assert code == 200 and not answer["ok"]


def test_draining_refuses_new_listeners_until_it_ends(streamd):
    source = make_audio(streamd.folder, "libmp3lame", "mp3")
    with Feeder(streamd, source, "mp3", "/live", "audio/mpeg"):
        assert streamd.control("POST", "/v1/drain", "{}")[1]["state"] == "draining"
        assert streamd.get("/ready")[0] == 503
        assert streamd.get("/live")[0] == 503
        assert streamd.control("POST", "/v1/undrain", "{}")[1]["state"] == "serving"
        assert len(listen(streamd, "/live", 5000)) == 5000


def test_a_check_of_a_file_without_a_password_fails_and_names_it(tmp_path):
    path = tmp_path / "icecast.xml"
    path.write_text("<icecast>\n</icecast>")
    result = subprocess.run([BIN / "streamd", "--check", "-c", path], capture_output=True, text=True)
    assert result.returncode == 1
    assert "authentication/source-password" in result.stdout
