"""One tiny file a format, written by hand from its specification, and mutations of them; used by
scripts/benchmarks/fuzz_readers.

Each specimen shows the same "7" of two strokes, or what its format makes of it: a bar and a hook, then a cross stroke.
"""

import io
import json
import random
import struct
import zipfile
from pathlib import Path

import numpy as np

from strokes.errors import StrokesError
from strokes.formats.importing import class_names, drawings_in_blocks, take_survey
from strokes.formats.recording import make_block
from strokes.formats.registry import FORMATS

JSON = b"""{"format":"strokes","version":1,"classes":["1","7"],"drawings":[
{"label":"7","split":"test","source_index":3,"strokes":[[[0.1,0.2],[0.9,0.2],[0.4,0.9]],[[0.3,0.5],[0.7,0.5]]],\
"scores":{"f1":0.98,"mse":null},"columns":{"time_ms":[[0,10,25],[60,75]]},"size":[1.0,0.8],"frame":[0.5,0.1,0],\
"flagged":true,"metadata":{"writer":"w-5"}},
{"label":null,"split":"none","source_index":9,"strokes":[],"scores":{"f1":null,"mse":0.1},"columns":{"time_ms":[]}}
]}
"""
NDJSON = b"""{"format":"strokes","version":1,"classes":["1","7"]}
{"label":"7","split":"train","source_index":3,"strokes":[[[0.1,0.2],[0.9,0.2],[0.4,0.9]],[[0.3,0.5],[0.7,0.5]]]}
{"label":"1","name":"bare","strokes":[[[0.5,0.1],[0.5,0.9]]]}
"""
QUICKDRAW = b"""{"key_id":"5891796615823360","word":"nose","countrycode":"AE",\
"timestamp":"2017-03-01 20:41:36.70725 UTC","recognized":true,\
"drawing":[[[100,900,400.5],[200,200,900],[0,16,33]],[[300,700],[500,500],[90,120]]]}
{"key_id":"2","word":"dot","countrycode":"DE","timestamp":"2017-03-02 20:41:36.70725 UTC","recognized":false,\
"drawing":[[[5],[5],[0]]]}
"""
SIMPLIFIED = b"""{"word":"nose","countrycode":"AE","timestamp":"2017-03-01 20:41:36.70725 UTC","recognized":true,\
"key_id":"5891796615823360","drawing":[[[0,255,96],[0,0,223]],[[64,191],[96,96]]]}
"""
BINARY = (
    struct.pack("<Q2sbIH", 5891796615823360, b"AE", 1, 1488400896, 2)
    + struct.pack("<H6B", 3, 0, 255, 96, 0, 0, 223)
    + struct.pack("<H4B", 2, 64, 191, 96, 96)
) * 2
INKML = b"""<?xml version="1.0"?>
<ink xmlns="http://www.w3.org/2003/InkML">
<annotation type="label">7</annotation>
<annotation type="splitTagOriginal">train</annotation>
<annotation type="sampleId">a1</annotation>
<traceFormat><channel name="X" type="decimal"/><channel name="Y" type="decimal"/>
<channel name="T" type="decimal" units="ms"/></traceFormat>
<trace id="0">100 200 0.0, 900 200 16.0, 400 900 33.0</trace>
<trace id="1">300 500 90, 700 500 120</trace>
<trace type="penUp">1 1 1</trace>
</ink>
"""
INKML_CODED = b"""<ink xmlns="http://www.w3.org/2003/InkML"><traceGroup><annotation type="label">&lt;7&gt;</annotation>
<trace>1125 18432,'23'43,"7"-8,3-5,!7!9,*'1</trace></traceGroup><traceGroup><trace>1 2</trace></traceGroup></ink>
"""
INPUTDATA = b"3 6 0 0\n22 0 0 0\n-14 19 0 0\n0 0 1 0\n-3 -11 0 0\n11 0 0 0\n0 0 1 1\n"
OMNIGLOT = b"START\n10.0,-20.0,0.0\n90.0,-20.0,16.000000\n40,-90,33\nBREAK\n30,-50,90\n70,-50,120\nBREAK\n"
UNIPEN = b""".VERSION 1.0
.DATA_SOURCE nobody
.COORD X Y T
.HIERARCHY WORD CHARACTER
.POINTS_PER_SECOND 100
.SEGMENT WORD 0-2 ? "77"
.SEGMENT CHARACTER 0-1 GOOD "7"
.COMMENT writer w-5
.PEN_DOWN
100 800 0
900 800 16
400 100 33
.PEN_UP
.DT 57
.PEN_DOWN
300 500 90
700 500 120
.PEN_UP
.PEN_DOWN
1 2 3
4 5 6
7 8 9
.PEN_UP
.SEGMENT CHARACTER 2:1-2:2 ? "\\"l"
"""
PENDIGITS = b""".INCLUDE        dene.doc

.LEXICON "0" "7"
.HIERARCHY      DIGIT

.SEGMENT DIGIT    0-1 ? "7"
.COMMENT 7 12  224
.PEN_DOWN
 100  400
 450  400
 200   50
.PEN_UP
.DT 100
.PEN_DOWN
 150  250
 350  250
.PEN_UP
.DT 100
.SEGMENT DIGIT    2 ? "1"
.COMMENT 1 26   54
.PEN_DOWN
 267  333
 267   36
.PEN_UP
.DT 100
"""


def npz(**arrays: np.ndarray) -> bytes:
    """An `.npz` of these arrays."""
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def objects(*items: np.ndarray) -> np.ndarray:
    """An object array of arrays."""
    array = np.empty(len(items), object)
    for i, item in enumerate(items):
        array[i] = item
    return array


SEVEN_3 = np.array([[25, 51, 0], [204, 0, 0], [-127, 178, 1], [-26, -102, 0], [102, 0, 1]], np.int16)
SEVEN_5 = np.array(
    [[0, 0, 1, 0, 0], [25, 51, 1, 0, 0], [204, 0, 1, 0, 0], [-127, 178, 0, 1, 0], [-26, -102, 1, 0, 0],
     [102, 0, 0, 1, 0], [0, 0, 0, 0, 1], [0, 0, 0, 0, 1]], np.float32,
)  # fmt: skip
SEVEN_XY = np.array([[100, 200], [900, 200], [400, 900], [300, 500], [700, 500]], np.float32)
SEVEN_UP = np.array([False, False, True, False, True])
SEVEN_LINES = np.concatenate(
    [np.column_stack([SEVEN_XY / 1000, SEVEN_UP]), np.tile([0.7, 0.5, 1], (15, 1))]
).astype(np.float32)  # fmt: skip

OFFICE = b"""<inkml:ink xmlns:inkml="http://www.w3.org/2003/InkML"><inkml:definitions>
<inkml:context xml:id="c0"><inkml:inkSource xml:id="s0"><inkml:traceFormat>
<inkml:channel name="X" type="integer" units="cm"/><inkml:channel name="Y" type="integer" units="cm"/>
<inkml:channel name="F" type="integer" max="1023"/><inkml:intermittentChannels>
<inkml:channel name="OTx" units="deg"/><inkml:channel name="OTy" units="deg"/></inkml:intermittentChannels>
</inkml:traceFormat><inkml:channelProperties>
<inkml:channelProperty channel="X" name="resolution" value="1000" units="1/cm"/>
<inkml:channelProperty channel="Y" name="resolution" value="500" units="1/cm"/></inkml:channelProperties>
</inkml:inkSource></inkml:context>
<inkml:context xml:id="c1"><inkml:traceFormat><inkml:channel name="X" units="mm"/>
<inkml:channel name="Y" units="mm" orientation="-ve"/></inkml:traceFormat></inkml:context></inkml:definitions>
<inkml:trace contextRef="#c0">#64 #64 0, 900 100 512 10 -20, 400 450 1023 12</inkml:trace>
<inkml:trace contextRef="#c1">3 -5, 7 -5</inkml:trace></inkml:ink>
"""
CROHME = b"""<ink xmlns="http://www.w3.org/2003/InkML"><traceFormat><channel name="X"/><channel name="Y"/></traceFormat>
<annotation type="truth">$1+7$</annotation><annotation type="UI">2011_a</annotation>
<trace id="0">1 0, 1 9</trace><trace id="1">3 5, 5 5</trace><trace id="2">4 4, 4 6</trace>
<trace id="3">6 0, 8 0, 7 9</trace>
<traceGroup xml:id="g"><annotation type="truth">Segmentation</annotation>
<traceGroup><annotation type="truth">1</annotation><traceView traceDataRef="0"/></traceGroup>
<traceGroup><annotation type="truth">+</annotation><traceView traceDataRef="1"/>
<traceView traceDataRef="2"/></traceGroup>
<traceGroup><annotation type="truth">7</annotation><traceView traceDataRef="3"/></traceGroup></traceGroup></ink>
"""
VIEWS = b"""<ink xmlns="http://www.w3.org/2003/InkML"><definitions><timestamp xml:id="t" time="1705320000000"/>
<context xml:id="a"><inkSource xml:id="s"><traceFormat xml:id="f"><channel name="X" units="dev"/>
<channel name="Y" units="dev" orientation="-ve"/><channel name="T" units="s" respectTo="#t"/>
<channel name="S" type="boolean"/></traceFormat><channelProperties>
<channelProperty channel="X" name="resolution" value="100" units="1/in"/>
<channelProperty channel="Y" name="resolution" value="0.1" units="mm"/></channelProperties></inkSource></context>
<context xml:id="b" contextRef="#a" traceFormatRef="#f"/></definitions>
<traceGroup xml:id="g" contextRef="#b"><trace xml:id="x" continuation="begin">1 2 0.1 T, 3 4 .12 F, 5 6 .14 T</trace>
<trace xml:id="y" continuation="end" priorRef="#x">7 8 0.2 T</trace><trace>9 9 1 T</trace></traceGroup>
<traceView><annotation type="truth">7</annotation><traceView traceDataRef="#g" from="1" to="2:1"/></traceView></ink>
"""
CSV = b"""drawing,label,stroke,x,y,time_ms,pressure
0,7,0,100,200,0,0.1
0,7,0,900,200,16,0.5
0,7,0,400,900,33,
0,7,1,300,500,90,0.2
0,7,1,700,500,120,1
1,"a ""b"" c",0,1,2,0,0
"""
KAGGLE = b"""countrycode,drawing,key_id,recognized,timestamp,word
US,"[[[100, 900, 400], [200, 200, 900]], [[300, 700], [500, 500]]]",9000003627287624,True,2017-03-01 20:41:36.70725,nose
DE,"[[[5], [5]]]",2,False,2017-03-02 20:41:36.70725,dot
"""
SVG = b"""<svg xmlns="http://www.w3.org/2000/svg" width="100mm" height="100mm" viewBox="0 0 1000 1000">
<g transform="translate(0 10) scale(1)"><path d="M100 190h800L400 890"/>
<line x1="300" y1="490" x2="700" y2="490"/></g></svg>
"""
KANJIVG = """<svg xmlns="http://www.w3.org/2000/svg" width="109" height="109" viewBox="0 0 109 109">
<g id="kvg:StrokePaths_04e03"><g id="kvg:04e03" kvg:element="七" xmlns:kvg="http://kanjivg.tagaini.net">
<path id="kvg:04e03-s1" d="M12.5,52.71c3.5,1.67,6.5,1.73,10.75,0.67S75,39,91,37.5"/>
<path id="kvg:04e03-s2" d="M46,14c1,1 1.6,3.1 1.6,4.1A50 50 0 0 0 95 80q1-2,3-4t2,5z"/></g></g>
<g id="kvg:StrokeNumbers_04e03"><text transform="matrix(1 0 0 1 4 50)">1</text></g></svg>
""".encode()
IAM = b"""<?xml version="1.0" encoding="ISO-8859-1"?>
<WhiteboardCaptureSession><WhiteboardDescription><SensorLocation corner="top_left"/></WhiteboardDescription>
<StrokeSet><Stroke colour="black" start_time="769.05" end_time="769.64">
<Point x="100" y="200" time="769.05"/><Point x="900" y="200" time="769.07"/><Point x="400" y="900" time="769.08"/>
</Stroke><Stroke><Point x="300" y="500" time="769.2"/><Point x="700" y="500" time="769.22"/></Stroke></StrokeSet>
</WhiteboardCaptureSession>
"""
HANZI = """{"character":"七","strokes":["M 1 2"],"medians":[[[100,700],[900,700],[400,0]],[[300,400],[700,400]]]}
""".encode()


def pairs(*points: tuple[int, int]) -> bytes:
    """Points as OLHWDB writes them."""
    return b"".join(struct.pack("<2h", *point) for point in points)


POT_POINTS = pairs((100, 200), (900, 200), (400, 900), (-1, 0), (300, 500), (700, 500), (-1, 0), (-1, -1))
POT = struct.pack("<H4sH", 8 + len(POT_POINTS), b"\xdf\xc6\0\0", 2) + POT_POINTS
PAGE_HEAD = b"POT\0\0\0\0\0" + b"GBK".ljust(20, b"\0") + struct.pack("<H", 2) + b"short".ljust(20, b"\0")
PTTS = (
    struct.pack("<I", 4 + len(PAGE_HEAD)) + PAGE_HEAD + struct.pack("<3I", 100, 1, 2)
    + struct.pack("<H", 3) + pairs((100, 200), (900, 200), (400, 900))
    + struct.pack("<H", 2) + pairs((300, 500), (700, 500))
    + struct.pack("<2H2H", 1, 2, 0, 1) + struct.pack("<H", 1) + b"\xc6\xdf"
)  # fmt: skip

SPECIMENS = {
    "json": [("a.json", JSON), ("pretty.json", json.dumps(json.loads(JSON), indent=1).encode())],
    "ndjson": [("a.ndjson", NDJSON)],
    "quickdraw": [("q.ndjson", QUICKDRAW)],
    "quickdraw-simplified": [("s.ndjson", SIMPLIFIED)],
    "quickdraw-bin": [("nose.bin", BINARY)],
    "stroke-3": [("3.npz", npz(train=objects(SEVEN_3), valid=objects(), test=objects(SEVEN_3, SEVEN_3[:1])))],
    "stroke-5": [("5.npz", npz(train=SEVEN_5[None], test=SEVEN_5[None, :7]))],
    "inkml": [
        ("a.inkml", INKML),
        ("coded.inkml", INKML_CODED),
        ("office.inkml", OFFICE),
        ("crohme.inkml", CROHME),
        ("views.inkml", VIEWS),
    ],
    "csv": [("a.csv", CSV)],
    "quickdraw-csv": [("q.csv", KAGGLE)],
    "svg": [("a.svg", SVG), ("kanji.svg", KANJIVG)],
    "iam": [("a01-000u-01.xml", IAM)],
    "hanzi": [("七.json", HANZI), ("graphics.txt", HANZI)],
    "olhwdb": [("1001.pot", POT * 2), ("1001.ptts", PTTS)],
    "de-jong": [("trainimg-3-inputdata.txt", INPUTDATA)],
    "lines": [("lines.npz", npz(lines=SEVEN_LINES[None], labels=np.array([7])))],
    "unipen": [("a.unipen", UNIPEN)],
    "omniglot": [("0394_05.txt", OMNIGLOT)],
    "pendigits": [("pendigits-orig.tra", PENDIGITS)],
    "pen-npz": [
        (
            "pens.npz",
            npz(
                xy=np.concatenate([SEVEN_XY, SEVEN_XY[:2]]),
                pen_up=np.array([*SEVEN_UP, False, True]),
                offsets=np.array([0, 5, 7]),
                labels=np.array(["7", "é"]),
                writers=np.array(["w-5", ""]),
            ),
        )
    ],
}

TOKENS = [
    *(b"NaN", b"Infinity", b"-1e999", b"1e308", b"9" * 400, b"0", b"-1", b"\x00", b"\xff", b"\\ud800"),
    *(b"[" * 2000, b"]", b"{}", b"null", b"true", b'"', b",", b"\n", b" ", b"-", b".", b"e", b"'", b"0-999999999"),
    *(b"<a>", b"</trace>", b"</traceGroup>", b"<traceGroup>", b"&x;", b"<ink>" * 200),
    b"<!DOCTYPE a [<!ENTITY x 'y'>]>",
    *(b".PEN_DOWN\n", b".PEN_UP\n", b".SEGMENT CHARACTER 0 ? \"a\"\n", b".COORD X\n", b"BREAK\n", b"0 0 1 1\n"),
    *(struct.pack("<q", n) for n in (-1, 2**31, 2**40, 2**62)),
    *(b"c", b"cos\nsystem\n", b"R", b"b", b"\x94", b"r\xff\xff\xff\x7f", b"\x8e\xff\xff\xff\xff\x7f\x00\x00\x00"),
]  # fmt: skip


def mutated(content: bytes, chance: random.Random) -> bytes:
    """A file with one to four things done to it; in an `.npz`, mostly to one of the arrays inside."""
    if content[:2] == b"PK" and chance.random() < 0.7:
        return _mutated_inside(content, chance)
    for _ in range(chance.randint(1, 4)):
        content = _mutated_once(content, chance)
    return content


def _mutated_once(content: bytes, chance: random.Random) -> bytes:
    a, b = sorted(chance.randint(0, len(content)) for _ in range(2))
    b = min(b, a + chance.choice((1, 4, 40, 400)))
    match chance.randrange(6):
        case 0:
            return (
                content[:a] + bytes(byte ^ (1 << chance.randrange(8)) for byte in content[a : a + 1]) + content[a + 1 :]
            )
        case 1:
            return content[:a] + content[b:]
        case 2:
            return content[:b] + content[a:b] * chance.randint(1, 20) + content[b:]
        case 3:
            return content[:a] + chance.choice(TOKENS) + content[b:]
        case 4:
            return content[:a] + chance.choice(TOKENS) + content[a:]
        case _:
            return content[:a] + chance.randbytes(chance.randint(1, 8)) + content[a + 1 :]


def _mutated_inside(content: bytes, chance: random.Random) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w") as new:
        names = old.namelist()
        chosen = chance.choice(names)
        for name in names:
            held = old.read(name)
            new.writestr(name, _mutated_once(held, chance) if name == chosen else held)
    return stream.getvalue()


def read_all(name: str, path: Path) -> int:
    """Read a file as `strokes import` does, down to the arrays that it would store; how many drawings there are."""
    form = FORMATS[name]
    survey = take_survey(form.read(path))
    classes = form.known_classes(path) or class_names(survey.labels)
    if not set(survey.labels) <= set(classes):
        return 0
    settings = {"columns": sorted(survey.columns), "scores": sorted(survey.scores), "metadata": survey.metadata}
    return sum(len(make_block(b, classes=classes, first=0, **settings)) for b in drawings_in_blocks(form.read(path)))


def outcome(name: str, path: Path) -> str:
    """The word "read", or the one line that says why not. Any other error than those for people keeps its traceback."""
    try:
        read_all(name, path)
    except StrokesError as error:
        return str(error)
    return "read"
