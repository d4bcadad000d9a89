"""Several processes that train one model together, each with its part of every batch.

One of them leads: it alone knows folders, events and stages. The others follow: they wait to be told of a training,
and train the same network on other windows of the same batches. After each step, all have the same weights.
"""
