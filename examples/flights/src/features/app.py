"""The `features` function: a raw scheduled flight and its weather -> the model's input vector.

Standard library only. The folder of this file is the root of the function's archive, and is on
PYTHONPATH when the model is trained, so both run the same `delay_features`.
"""

from typing import Any

from delay_features import NAMES, vector


def handler(event: dict[str, Any], context: object) -> dict[str, list[Any]]:
    """Answer {"features": [number or null, ...], "names": [...]} for one flight.

    Raises ValueError, which names the field, where the event is not what `vector` describes.
    """
    return {"features": vector(event), "names": list(NAMES)}
