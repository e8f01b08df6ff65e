"""Every shape of output that Replicate's models return, and those that hold no picture."""

import base64

import pytest
from pydantic import JsonValue

from staging.errors import OutputRefused
from staging.providers import outputs
from staging.providers.outputs import LONGEST_TEXT, InlinePicture, RemotePicture, pictures_in, text_in

A, B = "https://replicate.delivery/a/out-0.webp", "https://replicate.delivery/a/out-1.webp"
PIXEL = b"\x89PNG pixel"
INLINE = "data:image/png;base64," + base64.b64encode(PIXEL).decode()


@pytest.mark.parametrize(
    ("output", "urls"),
    [
        pytest.param(A, [A], id="one URI"),
        pytest.param([A], [A], id="a list of one"),
        pytest.param([A, B], [A, B], id="a list keeps its order"),
        pytest.param([None, A, ""], [A], id="holes in a list"),
        pytest.param([[A], [B]], [A, B], id="lists in a list"),
        pytest.param({"image": A}, [A], id="an object"),
        pytest.param({"images": [A, B], "seed": 7}, [A, B], id="an object with a list"),
        pytest.param({"seed": 7, "picture": A}, [A], id="an object under another name"),
        pytest.param({"image": A, "mask": B}, [A], id="the mask beside the picture is left"),
        pytest.param({"output": {"url": A}}, [A], id="an object in an object"),
        pytest.param(["Here it is", A], [A], id="words beside the picture"),
        pytest.param("HTTPS://replicate.delivery/A", ["HTTPS://replicate.delivery/A"], id="upper case"),
    ],
)
def test_pictures_are_found_in_every_shape(output: JsonValue, urls: list[str]) -> None:
    assert pictures_in(output) == [RemotePicture(url) for url in urls]


def test_a_data_uri_is_decoded() -> None:
    assert pictures_in([INLINE, A]) == [InlinePicture(PIXEL), RemotePicture(A)]


def test_a_data_uri_may_be_written_with_percent_signs_and_capitals() -> None:
    assert pictures_in("DATA:image/png,%89PNG%20pixel") == [InlinePicture(PIXEL)]


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        (None, "ended without a picture"),
        ([], "ended without a picture"),
        ({}, "ended without a picture"),
        ([None], "ended without a picture"),
        ("", "ended without a picture"),
        (7, "ended without a picture"),
        (True, "ended without a picture"),
        ("Here is your room.", "not an image but text: “Here is your room.”"),
        (["Here ", "is your", " room."], "text: “Here is your room.”"),
        ("x" * 500, "…”"),
        ("data:text/html,hello", "not an image but text/html"),
        ("data:,hello", "unnamed data"),
        ("data:image/png", "not an image but image/png"),
        ("data:image/png;base64,@@@@", "damaged"),
        ([f"{A}?{n}" for n in range(21)], "21 pictures"),
    ],
)
def test_what_holds_no_picture_is_refused_with_its_reason(output: JsonValue, reason: str) -> None:
    with pytest.raises(OutputRefused) as refused:
        pictures_in(output)
    assert reason in str(refused.value)
    assert len(str(refused.value)) < 200


def test_an_inline_picture_over_the_limit_is_refused_before_it_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outputs, "LARGEST_PICTURE_BYTES", 3 * 2**20)
    monkeypatch.setattr(base64, "b64decode", lambda *_args, **_more: pytest.fail("it was decoded"))
    with pytest.raises(OutputRefused, match="larger than 3 MB"):
        pictures_in("data:image/png;base64," + "A" * (4 * 2**20 + 2048))


def test_an_output_nested_without_end_is_refused() -> None:
    output: JsonValue = A
    for _ in range(200):
        output = [output]
    with pytest.raises(OutputRefused, match="without a picture"):
        pictures_in(output)


def test_words_come_whole_or_in_pieces() -> None:
    assert text_in(" {} ") == "{}"
    assert text_in(['{"a"', ": ", "1}"]) == '{"a": 1}'


@pytest.mark.parametrize("output", [None, "", [], ["", " "], 7, "x" * (LONGEST_TEXT + 1)])
def test_no_words_and_too_many_are_refused(output: JsonValue) -> None:
    with pytest.raises(OutputRefused, match="answer"):
        text_in(output)
