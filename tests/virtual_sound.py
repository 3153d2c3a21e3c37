"""A sound system for tests and the demo: a PulseAudio of our own with a virtual microphone and virtual speakers.

    say("what is on my screen")   espeak-ng ──> sink "vmic" ──> its monitor = source "mic" ──> the program under test
    the program under test ──> sink "speakers" ──> its monitor ──> speakers()

Programs that are to use it are started with :attr:`VirtualSound.env`. PortAudio reads its devices when it is
initialised, so a process that already uses another sound system keeps it.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
import wave
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

NEEDED = ("pulseaudio", "pactl", "paplay", "parec", "espeak-ng")
SPEAKERS_RATE = 16_000
BYTES_PER_SECOND = 2 * SPEAKERS_RATE

# What the transcriber understands best, of thirteen espeak-ng voices and some speeds, pitches and gaps of this one.
VOICE = "en-us"
WORDS_PER_MINUTE = 150
WORD_GAP = 2
"""A pause between words, in units of 10 ms: espeak-ng runs words together more than people do."""

ASOUND = """\
pcm.!default { type pulse }
ctl.!default { type pulse }
"""


class VirtualSound:
    """Started by ``with``; works for root and for everybody else, needs no session bus and no hardware."""

    def __init__(self) -> None:
        missing = [program for program in NEEDED if shutil.which(program) is None]
        if missing:
            raise RuntimeError(f"the virtual sound system needs {', '.join(missing)}")
        self._folder = Path(tempfile.mkdtemp(prefix="deskhand-sound-"))
        self._recording = self._folder / "speakers.raw"
        self._children: list[subprocess.Popen[bytes]] = []
        self._mic_module = ""

    @property
    def env(self) -> dict[str, str]:
        """What a process needs in its environment to use this sound system and no other."""
        return {
            "PULSE_SERVER": f"unix:{self._folder / 'socket'}",
            "PULSE_COOKIE": str(self._folder / "cookie"),
            "ALSA_CONFIG_PATH": str(self._folder / "asound.conf"),
        }

    def __enter__(self) -> Self:
        (self._folder / "asound.conf").write_text(ASOUND)
        self._start_server()
        self._pactl("load-module", "module-null-sink", "sink_name=speakers", "rate=44100", "channels=1")
        self._pactl("load-module", "module-null-sink", "sink_name=vmic", "rate=16000", "channels=1")
        self._pactl("load-module", "module-null-sink", "sink_name=nothing", "rate=16000", "channels=1")
        self._pactl("set-default-sink", "speakers")
        self.plug()
        # Without a reader a monitor sleeps, and the first seconds of a capture would be lost.
        self._read("vmic.monitor", Path(os.devnull))
        self._read("speakers.monitor", self._recording)
        self._wait_until(lambda: self._recording.stat().st_size > 0, "the recording of the speakers")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        for child in reversed(self._children):
            child.terminate()
            child.wait(timeout=10)
        self._children.clear()
        shutil.rmtree(self._folder, ignore_errors=True)

    def say(self, text: str, voice: str = VOICE, speed: int = WORDS_PER_MINUTE, gap: int = WORD_GAP) -> None:
        """Speak ``text`` into the microphone; returns when it has been said. ``speed`` in words a minute."""
        path = self._folder / "say.wav"
        command = ["espeak-ng", "-v", voice, "-s", str(speed), "-g", str(gap), "-w", str(path), "--", text]
        subprocess.run(command, check=True, timeout=30)
        # A person lets go of a key a moment after the last word; and a busy sound server delivers late.
        _append_silence(path, seconds=0.5)
        self.play_into_microphone(path)

    def play_into_microphone(self, path: Path) -> None:
        """Play a sound file into the microphone; returns when it has been played."""
        command = ["paplay", "--device=vmic", "--latency-msec=500", str(path)]
        subprocess.run(command, check=True, timeout=120, env=os.environ | self.env)

    def unplug(self) -> None:
        """Take the microphone away, as pulling its plug does: whoever records from it is cut off."""
        sources = dict(line.split("\t")[:2] for line in self._pactl("list", "short", "sources").splitlines())
        for line in self._pactl("list", "short", "source-outputs").splitlines():
            output, source = line.split("\t")[:2]
            # Recorders are cut off first: PulseAudio would quietly move them to the monitor of the speakers.
            if sources[source] == "mic":
                self._command(f"kill-source-output {output}")
        # The default goes to a source nobody reads, because readers of a default move along with it.
        self._pactl("set-default-source", "nothing.monitor")
        self._pactl("unload-module", self._mic_module)

    def plug(self) -> None:
        """Put the microphone (back) in, as the default one."""
        self._mic_module = self._pactl(
            "load-module", "module-remap-source", "source_name=mic", "master=vmic.monitor", "channels=1"
        )
        self._pactl("set-default-source", "mic")

    def mark(self) -> int:
        """A place in what the speakers play: now."""
        return self._recording.stat().st_size // 2 * 2

    def speakers(self, since: int) -> bytes:
        """What the speakers played since ``mark()``: int16 mono at ``SPEAKERS_RATE``."""
        return self._recording.read_bytes()[since:]

    def record_speakers(self, seconds: float) -> bytes:
        """What the speakers play in the next ``seconds``; blocks until that much was recorded."""
        start = self.mark()
        length = round(seconds * SPEAKERS_RATE) * 2
        self._wait_until(lambda: self.mark() - start >= length, "the recording of the speakers", seconds + 10)
        return self.speakers(start)[:length]

    def _start_server(self) -> None:
        command = ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--disable-shm=yes"]
        command += [
            "--use-pid-file=no",
            "--realtime=no",
            "--high-priority=no",
            "--resample-method=speex-float-10",
            "--log-target=stderr",
        ]
        command += ["-L", f"module-native-protocol-unix socket={self._folder / 'socket'} auth-anonymous=1"]
        command += ["-L", f"module-cli-protocol-unix socket={self._folder / 'cli'}"]
        server_env = os.environ | {"PULSE_RUNTIME_PATH": str(self._folder), "HOME": str(self._folder)}
        log = (self._folder / "pulseaudio.log").open("wb")
        self._children.append(subprocess.Popen(command, env=server_env, stdout=log, stderr=log))
        self._wait_until((self._folder / "socket").exists, "PulseAudio")

    def _read(self, source: str, path: Path) -> None:
        command = ["parec", f"--device={source}", "--raw", "--format=s16le", "--channels=1"]
        command += [f"--rate={SPEAKERS_RATE}", "--latency-msec=20"]
        with path.open("wb") as file:
            self._children.append(subprocess.Popen(command, env=os.environ | self.env, stdout=file))

    def _pactl(self, *arguments: str) -> str:
        done = subprocess.run(
            ["pactl", *arguments],
            env=os.environ | self.env,
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        )
        return done.stdout.strip()

    def _command(self, line: str) -> None:
        """A command of the server's own command line, for what pactl does not offer."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(self._folder / "cli"))
            connection.sendall(f"{line}\n".encode())
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(4096):
                pass

    def _wait_until(self, true: Callable[[], bool], what: str, seconds: float = 15.0) -> None:
        deadline = time.monotonic() + seconds
        while not true():
            if time.monotonic() > deadline:
                log = (self._folder / "pulseaudio.log").read_text(errors="replace")
                raise RuntimeError(f"{what} did not come up within {seconds:.0f} s:\n{log}")
            time.sleep(0.02)


def _append_silence(path: Path, seconds: float) -> None:
    with wave.open(str(path)) as sound:
        parameters, pcm = sound.getparams(), sound.readframes(sound.getnframes())
    with wave.open(str(path), "wb") as sound:
        sound.setparams(parameters)
        sound.writeframes(pcm + bytes(2 * round(seconds * parameters.framerate)))
