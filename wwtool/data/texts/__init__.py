"""Texts to speak: the phrase, phrases that sound like it, and sentences, in words that a voice can say."""
