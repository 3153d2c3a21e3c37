"""Voice: hears a request while a key is held, and says the answer aloud. All of it on this machine.

    port        what a microphone, voice activity, a transcriber and a speaker are
    listener    one push-to-talk turn, from the key pressed to the final transcript
    speech      sentences said one after the other, as the answer arrives; spoken.py makes them speakable
    voice       the two together, as the application uses them
    check       what the doctor asks: can it hear, can it be heard

The concrete parts (microphone, activity, transcriber, espeak) import their libraries on first use, so importing this
package costs nothing. PCM is int16 little-endian mono; what is heard has 16,000 samples a second.
"""
