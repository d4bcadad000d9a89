"""The wake words of other devices, alone and with a command, as they are said in a household that has one."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from wwtool.data.negatives.carriers import in_a_sentence
from wwtool.data.negatives.kind import Order, Spoken, Text
from wwtool.data.sides import of_side

WAKE_WORDS = (
    "alexa", "echo", "amazon", "ziggy", "computer", "hey siri", "siri", "ok google", "okay google", "hey google",
    "hey cortana", "cortana", "hey bixby", "hi bixby", "hey mycroft", "mycroft", "hey jarvis", "jarvis", "okay nabu",
    "hey rhasspy", "snowboy", "hey snips", "hey firefox", "hey celia", "xiaodu xiaodu", "hey snapdragon", "hey pico",
    "porcupine", "bumblebee", "terminator", "americano", "blueberry", "grapefruit", "grasshopper", "picovoice",
    "hey barista", "view glass", "smart mirror", "hey mercedes", "hello bmw", "hey facebook", "hey portal", "hey sonos",
    "hello lenovo", "hey spotify", "hey willow", "hey marvin", "sheila", "hey friday", "hi esp", "hey athena",
    "hey kitt", "okay house", "hello computer", "hey robot", "hey disney",
)  # fmt: skip
_COMMANDS = (
    "turn on the light", "turn off the lamp in the kitchen", "set a timer for ten minutes", "play some music", "stop",
    "what's the weather like", "what time is it", "make it louder", "volume down", "next song", "good night",
    "add milk to the shopping list", "remind me to call mum", "close the blinds", "is the front door locked",
    "how long does the drive to work take", "tell me a joke", "call anna", "start the vacuum cleaner", "thank you",
    "set the temperature to twenty degrees", "cancel the alarm", "read me the news", "never mind", "dim the lights",
)  # fmt: skip


def _texts(order: Order, random: Random) -> Iterator[Text]:
    english = order.language.partition("-")[0] == "en"
    words = of_side(WAKE_WORDS, order.evaluation)
    while True:
        word, pick = random.choice(words), random.random()
        if pick < 0.4:
            text = word
        elif pick < 0.8 and english:
            text = f"{word}{random.choice((',', '...', ''))} {random.choice(_COMMANDS)}"
        else:
            text = in_a_sentence(word, order, random)
        yield Text(text, order.language)


OTHER_WAKE_WORDS = Spoken("other wake words", texts=_texts, seconds=1.6)
