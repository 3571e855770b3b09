"""A numba type for a vector of numbers, so that kernels state their SIMD rather than hope for it.

`Lanes` is LLVM's `<16 x float>` (or double, or int32): one AVX-512 register, two AVX or four NEON ones. Numbers mix
with it in `+ - * /`; products and sums are contracted, nothing is regrouped.
"""

import math
import operator
from collections.abc import Callable
from typing import Any

import numba
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import lower_builtin, models, register_model, type_callable

from raster.kernels.compiling import operation

LANES = 16

SINGLE = (1.3276471e-3, 9.6755413e-3, 5.5507133e-2, 2.4022120e-1, 6.9314697e-1, 1.0)
"""2**f for |f| ≤ 1/2 to a relative 1e-7, highest power first; `DOUBLE` to 2e-16."""

DOUBLE = tuple(math.log(2) ** k / math.factorial(k) for k in range(12, -1, -1))

Codegen = tuple[Any, Callable[..., Any]]


class Lanes(types.Type):
    """Sixteen numbers of one type."""

    def __init__(self, element: Any) -> None:
        super().__init__(name=f"Lanes({element})")
        self.element = element


@register_model(Lanes)
class LanesModel(models.PrimitiveModel):
    """An LLVM vector."""

    def __init__(self, manager: Any, kind: Lanes) -> None:
        super().__init__(manager, kind, ir.VectorType(manager.lookup(kind.element).get_value_type(), LANES))  # type: ignore[no-untyped-call]


def widened(context: Any, builder: Any, value: Any, kind: Any, wanted: Lanes) -> Any:
    """`value` of numba type `kind` as lanes of the `wanted` type."""
    if isinstance(kind, Lanes):
        return value
    vector = context.get_value_type(wanted)
    one = builder.insert_element(
        ir.Constant(vector, ir.Undefined), context.cast(builder, value, kind, wanted.element), ir.IntType(32)(0)
    )
    return builder.shuffle_vector(one, one, ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES))


def of_lanes(*kinds: Any) -> Any:
    """The type of the first operand that is one of lanes."""
    return next((kind for kind in kinds if isinstance(kind, Lanes)), None)


def add_operator(operation: Callable[..., Any], instruction: str) -> None:
    """Give `Lanes` the binary `operation`, with another `Lanes` or a number."""

    def typing(_: Any) -> Callable[..., Any]:
        def typer(first: Any, second: Any) -> Any:
            return of_lanes(first, second)

        return typer

    def lower(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pairs = zip(arguments, signature.args, strict=True)
        wide = [widened(context, builder, value, kind, signature.return_type) for value, kind in pairs]
        return getattr(builder, instruction)(*wide, flags=("contract",))

    type_callable(operation)(typing)
    for operands in ((Lanes, Lanes), (Lanes, types.Number), (types.Number, Lanes)):
        lower_builtin(operation, *operands)(lower)  # type: ignore[no-untyped-call]


for _operation, _instruction in (
    (operator.add, "fadd"),
    (operator.sub, "fsub"),
    (operator.mul, "fmul"),
    (operator.truediv, "fdiv"),
):
    add_operator(_operation, _instruction)


@operation
def wide(_: Any, like: Any, value: Any) -> Codegen:
    """`value` in every lane, of the type of the array `like`."""
    wanted = Lanes(like.dtype)

    def generate(context: Any, builder: Any, _: Any, arguments: Any) -> Any:
        return widened(context, builder, arguments[1], value, wanted)

    return wanted(like, value), generate


@operation
def ramp(_: Any, like: Any) -> Codegen:
    """0, 1, 2 … in the type of the array `like`."""
    kind = Lanes(like.dtype)

    def generate(context: Any, *_: Any) -> Any:
        return ir.Constant(context.get_value_type(kind), [float(i) for i in range(LANES)])

    return kind(like), generate


def place(context: Any, builder: Any, signature: Any, arguments: Any, vector: Any) -> Any:
    """A pointer to lanes in the array `arguments[0]` at the index `arguments[1]`."""
    data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
    index = context.cast(builder, arguments[1], signature.args[1], types.intp)
    return builder.bitcast(builder.gep(data, [index]), vector.as_pointer())


@operation
def load(_: Any, array: Any, at: Any) -> Codegen:
    """The lanes of the flat `array` from the index `at` on, which need not be aligned and isn't checked."""
    kind = Lanes(array.dtype)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = place(context, builder, signature, arguments, context.get_value_type(kind))
        return builder.load(pointer, align=array.dtype.bitwidth // 8)

    return kind(array, at), generate


@operation
def load_brief(_: Any, array: Any, at: Any) -> Codegen:
    """As `load`, of float32, or of its upper halves (bfloat16) in an array of uint16."""
    kind = Lanes(types.float32)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        stored = ir.VectorType(context.get_value_type(array.dtype), LANES)
        pointer = place(context, builder, signature, arguments, stored)
        values = builder.load(pointer, align=array.dtype.bitwidth // 8)
        if array.dtype == types.float32:
            return values
        bits = ir.VectorType(ir.IntType(32), LANES)
        upper = builder.shl(builder.zext(values, bits), ir.Constant(bits, [16] * LANES))
        return builder.bitcast(upper, context.get_value_type(kind))

    return kind(array, at), generate


@operation
def peek(_: Any, array: Any, at: Any) -> Codegen:
    """The number of the flat `array` at the index `at`, which isn't checked and may not be negative."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        index = context.cast(builder, arguments[1], signature.args[1], types.intp)
        return builder.load(builder.gep(data, [index]))

    return array.dtype(array, at), generate


@operation
def store(_: Any, array: Any, at: Any, values: Any) -> Codegen:
    """Write `values` to the flat `array` from the index `at` on, which need not be aligned and isn't checked."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = place(context, builder, signature, arguments, context.get_value_type(values))
        builder.store(arguments[2], pointer, align=array.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(array, at, values), generate


def compared(condition: str) -> Any:
    """The intrinsic f(a, b, x, y): lanes of x where a `condition` b, else of y."""

    @operation
    def choose(_: Any, a: Any, b: Any, x: Any, y: Any) -> Codegen:
        sides, chosen = of_lanes(a, b), of_lanes(x, y)

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            wanted = (sides, sides, chosen, chosen)
            values = [
                widened(context, builder, value, kind, lanes)
                for value, kind, lanes in zip(arguments, signature.args, wanted, strict=True)
            ]
            whole = isinstance(sides.element, types.Integer)
            compare = builder.icmp_signed if whole else builder.fcmp_ordered
            return builder.select(compare(condition, values[0], values[1]), values[2], values[3])

        return chosen(a, b, x, y), generate

    return choose


where_less = compared("<")
where_equal = compared("==")


@numba.njit(forceinline=True)
def maximum(x: Any, bound: Any) -> Any:
    """The larger of two, or `bound` where `x` is NaN."""
    return where_less(bound, x, x, bound)


@numba.njit(forceinline=True)
def minimum(x: Any, bound: Any) -> Any:
    """The smaller of two, or `bound` where `x` is NaN."""
    return where_less(x, bound, x, bound)


@operation
def root(_: Any, x: Any) -> Codegen:
    """The square roots."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        vector = context.get_value_type(signature.return_type)
        name = f"llvm.sqrt.v{LANES}{vector.element.intrinsic_name}"
        kind = ir.FunctionType(vector, [vector])
        function = cgutils.get_or_insert_function(builder.module, kind, name)  # type: ignore[no-untyped-call]
        return builder.call(function, arguments)

    return x(x), generate


@operation
def total(_: Any, x: Any) -> Codegen:
    """The sum of the lanes, halves first."""

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        value, count = arguments[0], LANES
        while count > 1:
            count //= 2
            masks = [
                ir.Constant(ir.VectorType(ir.IntType(32), count), list(range(start, start + count)))
                for start in (0, count)
            ]
            value = builder.fadd(*(builder.shuffle_vector(value, value, mask) for mask in masks))
        return builder.extract_element(value, ir.IntType(32)(0))

    return x.element(x), generate


@operation
def power_of_two(_: Any, x: Any) -> Codegen:
    """2**x for |x| ≤ 120 (float32) or 1000 (float64): 2**k · 2**f with the nearest whole k and a polynomial in f.

    Adding 1.5 · 2**mantissa rounds x to k and leaves k in the lowest bits, which shifted up are the exponent of 2**k.
    """
    single = x.element == types.float32
    width, mantissa, bias = (32, 23, 127) if single else (64, 52, 1023)
    coefficients = SINGLE if single else DOUBLE

    def generate(context: Any, builder: Any, _: Any, arguments: Any) -> Any:
        vector, bits = context.get_value_type(x), ir.VectorType(ir.IntType(width), LANES)

        def constant(value: float) -> Any:
            return ir.Constant(vector, [value] * LANES)

        rounder = constant(1.5 * 2**mantissa + bias)
        rounded = builder.fadd(arguments[0], rounder)
        rest = builder.fsub(arguments[0], builder.fsub(rounded, rounder))
        power = constant(coefficients[0])
        for coefficient in coefficients[1:]:
            product = builder.fmul(power, rest, flags=("contract",))
            power = builder.fadd(product, constant(coefficient), flags=("contract",))
        scale = builder.shl(builder.bitcast(rounded, bits), ir.Constant(bits, [mantissa] * LANES))
        return builder.fmul(power, builder.bitcast(scale, vector), flags=("contract",))

    return x(x), generate
