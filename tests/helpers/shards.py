"""Six labelled pictures, and shards of them, for the tests of several sources."""

import io
import json
import tarfile

import numpy as np
from PIL import Image


def picture(seed: int, side: int = 40) -> np.ndarray:
    """A stroke on white paper, somewhere else by its seed."""
    found = np.full((side, side), 255, np.uint8)
    found[6 + seed % 9 : side - 8, 10 + seed % 7 : 14 + seed % 7] = 0
    found[side // 2 : side // 2 + 3, 10 : 20 + seed % 13] = 0
    return found


def encoded(pixels: np.ndarray, kind: str = "PNG") -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind, quality=95)
    return stream.getvalue()


PNGS = [encoded(picture(i)) for i in range(6)]
LABELS = ["3", "1", "3", "0", "1", "7"]


def by_content(found) -> set[tuple[bytes, str]]:
    """Each picture's ink with its label."""
    names = [found.classes[label] if label >= 0 else "" for label in found.labels]
    return {(image.tobytes(), name) for image, name in zip(found.images, names, strict=True)}


def make_tar(path, files: dict[str, bytes], mode: str = "w"):
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, mode) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def webdataset(label_as: str) -> dict[str, bytes]:
    """The six pictures with their labels beside them."""
    told = {"cls": str, "txt": "{}\n".format, "json": lambda label: json.dumps({"label": label, "writer": 4})}
    files = {}
    for i, (content, label) in enumerate(zip(PNGS, LABELS, strict=True)):
        files[f"sample{i:03}.{label_as}"] = told[label_as](label).encode()
        files[f"sample{i:03}.png"] = content
    return files


def make_parquet(path, pictures, labels=None, *, classes=None, kind=None, row_group_size=4):
    import pyarrow
    import pyarrow.parquet

    path.parent.mkdir(parents=True, exist_ok=True)
    columns = {"image": pyarrow.array(pictures, kind)} | ({} if labels is None else {"label": pyarrow.array(labels)})
    table = pyarrow.table(columns)
    if classes:
        features = {"info": {"features": {"label": {"names": classes, "_type": "ClassLabel"}}}}
        table = table.replace_schema_metadata({"huggingface": json.dumps(features)})
    pyarrow.parquet.write_table(table, path, row_group_size=row_group_size)
    return path


def names_of(found) -> list[str]:
    return [json.loads(text)["file"] for text in found.metadata]
