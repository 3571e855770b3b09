"""Croissant (https://docs.mlcommons.org/croissant): what is in a published dataset, for machines."""

from __future__ import annotations

import json
import mimetypes
from datetime import date
from pathlib import Path
from typing import Any

from strokes.datasets.parquet_pictures import load_pyarrow
from strokes.files import MARK, file_sha256
from strokes.formats.parquet import Part
from strokes.publishing.card import About
from strokes.store.parquet_rows import make_schema
from strokes.store.reader import DatasetFile

NAME = "croissant.json"
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "dct": "http://purl.org/dc/terms/",
    "sc": "https://schema.org/",
    "conformsTo": "dct:conformsTo",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
TYPES = {"float32": "sc:Float", "int32": "sc:Integer", "int64": "sc:Integer", "string": "sc:Text", "bool": "sc:Boolean"}
LICENCES = {
    "MIT": "https://spdx.org/licenses/MIT.html",
    "CC BY 4.0": "https://creativecommons.org/licenses/by/4.0/",
    "CC BY-SA 3.0": "https://creativecommons.org/licenses/by-sa/3.0/",
}


def write_croissant(stored: DatasetFile, parts: list[Part], folder: Path, about: About) -> None:
    """Write `NAME` into a folder; it describes every file that is there by then, with its sha256."""
    described = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "name": about.title,
        "description": f"{len(stored):,} drawings of handwriting: strokes in writing order, with their pictures.",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "license": LICENCES.get(about.licence, about.licence),
        "url": about.url or str(stored.attributes.get("source_url", "")),
        "citeAs": about.citation,
        "creator": {"@type": "Person", "name": about.authors},
        "version": "1.0.0",
        "datePublished": date.today().isoformat(),
        "distribution": [file_object(path, folder) for path in files_of(folder)],
        "recordSet": [record_set(stored, part, file) for part in parts for file in part.files],
    }
    (folder / NAME).write_text(json.dumps(described, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def files_of(folder: Path) -> list[Path]:
    """Every file below a folder, without the mark of an export, in order."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MARK)


def file_object(path: Path, folder: Path) -> dict[str, str]:
    """A file's description."""
    name = path.relative_to(folder).as_posix()
    kinds = {".parquet": "application/x-parquet", ".md": "text/markdown"}
    return {
        "@type": "cr:FileObject",
        "@id": name,
        "name": name,
        "contentUrl": name,
        "contentSize": f"{path.stat().st_size} B",
        "encodingFormat": kinds.get(path.suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream",
        "sha256": file_sha256(path),
    }


def record_set(stored: DatasetFile, part: Part, file: str) -> dict[str, Any]:
    """The records of one Parquet file."""
    name = part.name if len(part.files) == 1 else Path(file).stem
    features = json.loads(make_schema(load_pyarrow(), stored).metadata[b"huggingface"])["info"]["features"]
    fields = [field_of(f"{name}/{column}", column, what, file) for column, what in features.items()]
    return {"@type": "cr:RecordSet", "@id": name, "name": name, "field": fields}


def field_of(identity: str, column: str, what: dict[str, Any], file: str) -> dict[str, Any]:
    """One column's description."""
    source: dict[str, Any] = {"fileObject": {"@id": file}, "extract": {"column": column}}
    field: dict[str, Any] = {"@type": "cr:Field", "@id": identity, "name": identity}
    if what["_type"] == "Image":
        return field | {"dataType": "sc:ImageObject", "source": source | {"transform": {"jsonPath": "bytes"}}}
    if what["_type"] == "List":
        inner = [
            {
                "@type": "cr:Field",
                "@id": f"{identity}/{name}",
                "name": f"{identity}/{name}",
                "dataType": TYPES[value["feature"]["dtype"]],
                "repeated": True,
                "source": source | {"transform": {"jsonPath": name}},
            }
            for name, value in what["feature"].items()
        ]
        return field | {"repeated": True, "subField": inner}
    return field | {"dataType": TYPES[what.get("dtype", "int64")], "source": source}
