"""What hearing costs: ``python -m tests.bench.voice`` prints one JSON object per sentence and a last one for all.

espeak-ng's speech goes straight to the transcriber at the pace of a microphone, so no sound system is needed.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import time
from array import array

from tools.voice.activity import SileroActivity
from tools.voice.espeak import SAMPLE_RATE as SPOKEN_RATE
from tools.voice.espeak import WAVE_HEADER_BYTES, synthesize
from tools.voice.port import FRAME_BYTES, FRAME_SECONDS, SAMPLE_RATE, Frame
from tools.voice.transcriber import MoonshineTranscriber

SENTENCES = (
    "what is on my screen",
    "work out twelve point five times eight",
    "read the shopping list and type it into the text editor",
)


def spoken(sentence: str) -> list[Frame]:
    """Frames of ``sentence``, resampled by the nearest sample: good enough to measure time with."""
    command = ["espeak-ng", "-v", "en-us", "-s", "150", "-g", "2", "--stdout", sentence]
    wave = subprocess.run(command, check=True, capture_output=True).stdout
    samples = array("h", wave[WAVE_HEADER_BYTES:])
    count = len(samples) * SAMPLE_RATE // SPOKEN_RATE
    pcm = array("h", (samples[at * SPOKEN_RATE // SAMPLE_RATE] for at in range(count))).tobytes()
    return [pcm[at : at + FRAME_BYTES] for at in range(0, len(pcm) - FRAME_BYTES, FRAME_BYTES)]


def measure(transcriber: MoonshineTranscriber, sentence: str) -> dict[str, float | str]:
    frames = spoken(sentence)
    partials: list[str] = []
    cpu = time.process_time()
    transcription = transcriber.begin(partials.append)
    start = time.perf_counter()
    for number, frame in enumerate(frames, 1):
        transcription.feed(frame)
        time.sleep(max(0.0, start + number * FRAME_SECONDS - time.perf_counter()))
    end = time.perf_counter()
    text = transcription.finish()
    seconds = len(frames) * FRAME_SECONDS
    return {
        "sentence": sentence,
        "transcript": text,
        "speech_seconds": round(seconds, 2),
        "compute_per_second_of_speech": round((time.process_time() - cpu) / seconds, 3),
        "final_after_seconds": round(time.perf_counter() - end, 3),
        "partials": len(partials),
    }


def main() -> None:
    transcriber, activity = MoonshineTranscriber(), SileroActivity()
    start = time.perf_counter()
    transcriber.begin(lambda text: None).finish()
    loaded = time.perf_counter() - start
    results = [measure(transcriber, sentence) for sentence in SENTENCES]
    for result in results:
        print(json.dumps(result))
    activity.probability(bytes(FRAME_BYTES))
    start = time.process_time()
    for _ in range(300):
        activity.probability(bytes(FRAME_BYTES))
    frame_ms = (time.process_time() - start) / 300 * 1000
    start = time.perf_counter()
    synthesize(SENTENCES[-1])
    synthesis = time.perf_counter() - start
    transcriber.close()
    summary = {
        "bench": "voice",
        "transcriber_load_seconds": round(loaded, 2),
        "compute_per_second_of_speech": statistics.median(r["compute_per_second_of_speech"] for r in results),
        "final_after_seconds": statistics.median(r["final_after_seconds"] for r in results),
        "activity_ms_per_frame": round(frame_ms, 2),
        "synthesis_seconds": round(synthesis, 3),
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    print(json.dumps(summary))


if __name__ == "__main__":
    sys.exit(main())
