"""The float32 arithmetic on integers inside ww_softmax.c against the machine's own, ties and subnormals included."""

from __future__ import annotations

import ctypes
import subprocess

import numpy as np
import pytest

from wwtool.compiler.package import kernel_dir
from wwtool.engines.machines import host_compiler

HARNESS = """
#include "ww_softmax.c"
#define EACH(name, expression)                                                     \\
    void name(const uint32_t *a, const uint32_t *b, uint32_t *result, int count)   \\
    {                                                                              \\
        for (int i = 0; i < count; i++) {                                          \\
            result[i] = expression;                                                \\
        }                                                                          \\
    }
EACH(sums, sum_of(a[i], b[i]))
EACH(products, product_of(a[i], b[i]))
EACH(reciprocals, b[i] == 0 ? 0 : reciprocal_of(a[i]))
"""
COUNT = 200_000


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    folder = tmp_path_factory.mktemp("softmax")
    (folder / "harness.c").write_text(HARNESS)
    command = [host_compiler(), "-std=c99", "-O2", "-shared", "-fPIC", f"-I{kernel_dir()}", str(folder / "harness.c")]
    subprocess.run([*command, "-o", str(folder / "library.so")], check=True)
    return ctypes.CDLL(str(folder / "library.so"))


def applied(library: ctypes.CDLL, name: str, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    result = np.empty(len(a), np.float32)
    pointers = [np.ascontiguousarray(v, np.float32).ctypes.data_as(ctypes.c_void_p) for v in (a, b)]
    getattr(library, name)(*pointers, result.ctypes.data_as(ctypes.c_void_p), len(a))
    return result


def floats(random: np.random.Generator, least: float, most: float) -> np.ndarray:
    """Positive floats over many magnitudes, half of them with few bits, so that sums and products end in ties."""
    values = (2.0 ** random.uniform(least, most, COUNT)).astype(np.float32)
    bits = values.view(np.uint32)
    few = (bits & np.uint32(0xFFFFF000)).view(np.float32)
    return np.where(random.random(COUNT) < 0.5, few, values)


def test_sums(library: ctypes.CDLL) -> None:
    random = np.random.default_rng(0)
    for least in (-1.0, -30.0, -149.0):
        a, b = floats(random, least, 10.0), floats(random, least, 10.0)
        b[:1000] = 0
        assert np.array_equal(applied(library, "sums", a, b), a + b)
    tiny = (random.integers(0, 2**24, (2, COUNT))).astype(np.uint32).view(np.float32)
    assert np.array_equal(applied(library, "sums", tiny[0], tiny[1]), tiny[0] + tiny[1])


def test_products(library: ctypes.CDLL) -> None:
    random = np.random.default_rng(1)
    a, b = floats(random, -20.0, 0.0), floats(random, -30.0, 8.0)
    assert np.array_equal(applied(library, "products", a, b), a * b)


def test_reciprocals(library: ctypes.CDLL) -> None:
    random = np.random.default_rng(2)
    a = floats(random, 0.0, 30.0)
    a[:31] = 2.0 ** np.arange(31)
    expected = np.float32(1) / (a * np.float32(1 / 256))
    assert np.array_equal(applied(library, "reciprocals", a, a), expected)
