"""TFLite's integer arithmetic, int8 and int16: the definition that every engine and the compiler are held to."""
