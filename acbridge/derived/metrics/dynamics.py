"""How the car moves: accelerations, slip, locked and spinning wheels, settings."""

from collections.abc import Iterable

from acbridge.derived import motion
from acbridge.derived.metrics.sample import Sample, explained
from acbridge.schema import WheelFlags, Wheels, WheelsKnown


@explained(
    formula="-accG[0]",
    uses=("accG",),
    values="any",
    confidence="exact",
    source="recordings: accG[0] is positive to the left",
    is_not="not the sim's sign; holds no gravity",
    witness="the stand-in in bends both ways: equal",
)
def acc_right_g(now: Sample) -> float:
    return -now.physics.accG[0]


@explained(
    formula="accG[2]",
    uses=("accG",),
    values="any, negative when braking",
    confidence="exact",
    source="recordings: accG[2] is the change of speed",
    is_not="holds no gravity: 0 at rest, also on a slope",
    witness="the stand-in when it brakes: equal",
)
def acc_forward_g(now: Sample) -> float:
    return now.physics.accG[2]


@explained(
    formula="(ω R - v) / max(abs(v), 2 m/s) with the sign of v, see [Slip](#slip)",
    uses=(
        "wheelAngularSpeed",
        "tyreRadius",
        "localVelocity",
        "localAngularVel",
        "tyreContactPoint",
        "tyreContactHeading",
        "heading",
        "carCoordinates",
    ),
    values=(
        "any: 0 rolling, -1 locked; nil at or under `min_speed`; not a number for a wheel whose radius is not known"
    ),
    confidence="estimated",
    source="Milliken ch. 2, Pacejka 1.2.1; recordings with the sim's own slip ratio",
    is_not="not wheelSlip; not the sim's slip ratio, which its pages do not hold",
    witness="the stand-in's own tyres: 95 % within 0.001, worst 0.0025",
)
def slip_ratio(now: Sample) -> Wheels | None:
    ratios = now.slips.ratios
    if ratios is None or not abs(now.physics.localVelocity[2]) > now.limits.min_speed:
        return None
    return ratios


@explained(
    formula="atan2(across, abs(along)) of the contact patch, see [Slip](#slip)",
    uses=("localVelocity", "localAngularVel", "tyreContactPoint", "tyreContactHeading", "heading", "carCoordinates"),
    values="-π/2 to π/2; nil at or under `min_speed`, and if the sim does not write the contact vectors",
    confidence="estimated",
    source="Milliken ch. 2, Pacejka 1.2.1",
    is_not="not the sim's slip angle, which its pages do not hold; roll and the suspension's movement are not in it",
    witness="the stand-in's own tyres: 95 % within 0.001 rad, worst 0.007",
)
def slip_angle(now: Sample) -> Wheels | None:
    return now.slips.angles if abs(now.physics.localVelocity[2]) > now.limits.min_speed else None


@explained(
    formula="atan2(localVelocity[0], localVelocity[2])",
    uses=("localVelocity",),
    values="-π/2 to π/2; nil at or under `min_speed` forward, so also in reverse",
    confidence="estimated",
    source="Milliken ch. 5",
    is_not="not the steering; not the slip angle of a tyre",
    witness="states whose angle is known: equal",
)
def body_slip_angle(now: Sample) -> float | None:
    left, _, forward = now.physics.localVelocity
    return motion.body_slip_angle(forward, left, now.limits.min_speed)


@explained(
    formula="sign(r) (δ - L r / u): mean front steer δ, wheelbase L, yaw rate r, speed forward u",
    uses=("tyreContactHeading", "tyreContactPoint", "heading", "localAngularVel", "localVelocity"),
    values=(
        "any: positive understeer, negative oversteer; nil at or under `understeer_min_speed` or "
        "`understeer_min_yaw_rate`, and without contact vectors"
    ),
    confidence="estimated",
    source="Milliken ch. 5",
    is_not="not the understeer gradient; not from `steerAngle`, whose ratio to the wheels is not in the pages",
    witness="bends of 50 and 120 m steered as Ackermann: within 0.0002 rad",
)
def understeer_angle(now: Sample) -> float | None:
    geometry, limits = now.geometry, now.limits
    yaw_rate, forward = now.physics.localAngularVel[1], now.physics.localVelocity[2]
    if geometry is None or not (
        forward > limits.understeer_min_speed and abs(yaw_rate) > limits.understeer_min_yaw_rate
    ):
        return None
    steer = (geometry.wheels[0].steer + geometry.wheels[1].steer) / 2
    return motion.understeer_angle(steer, geometry.wheelbase, yaw_rate, forward)


@explained(
    formula="mean of min(wheelSlip, `wheel_slip_cap`)",
    uses=("wheelSlip",),
    values="0 to the cap, 10",
    confidence="exact",
    source="the sim",
    is_not="not a slip ratio; at rest it is small but not 0",
    witness="values whose mean is known: equal",
)
def avg_wheel_slip(now: Sample) -> float:
    return motion.avg_wheel_slip(now.physics.wheelSlip, now.limits.wheel_slip_cap)


@explained(
    formula="min(wheelSlip, 1)",
    uses=("wheelSlip",),
    values="0 to 1",
    confidence="exact",
    source="the sim",
    is_not="not a share of force: a tyre gives most of its force long before 1",
    witness="values on both sides of 1: equal",
)
def grip_used(now: Sample) -> Wheels:
    a, b, c, d = now.physics.wheelSlip
    return motion.grip_used(a), motion.grip_used(b), motion.grip_used(c), motion.grip_used(d)


@explained(
    formula="wheelSlip > 1",
    uses=("wheelSlip",),
    values="true or false",
    confidence="exact",
    source="the sim",
    is_not="not a lock or a spin: sliding sideways counts too",
    witness="values on both sides of 1: equal",
)
def wheels_past_peak(now: Sample) -> WheelFlags:
    a, b, c, d = now.physics.wheelSlip
    return motion.past_peak(a), motion.past_peak(b), motion.past_peak(c), motion.past_peak(d)


@explained(
    formula="any of `locked_wheels`",
    uses=("locked_wheels",),
    values="true or false; nil if no wheel is known to be locked and one may be",
    confidence="estimated",
    source="ours",
    is_not="not the intervention of ABS",
    witness="as `locked_wheels`",
    reliable_hz=10,
)
def wheel_lock_detected(now: Sample) -> bool | None:
    return _any(now.chassis.locked.wheels)


@explained(
    formula=(
        "braking, fast and slip ratio under `lock_slip_ratio` for `wheel_hold_s`, see [Lock and "
        "wheelspin](#lock-and-wheelspin)"
    ),
    uses=("slip_ratio", "brake", "localVelocity"),
    values=(
        "true or false; nil for a wheel of which it cannot be known: without a radius, or with ticks farther "
        "apart than 0.1 s"
    ),
    confidence="estimated",
    source="ours",
    is_not="not the intervention of ABS; not a wheel that has stopped for good",
    witness="wheels of the stand-in that stand at speed: each one, and no other",
    reliable_hz=10,
)
def locked_wheels(now: Sample) -> WheelsKnown:
    a, b, c, d = now.chassis.locked.wheels
    return a, b, c, d


@explained(
    formula="any of `spinning_wheels`",
    uses=("spinning_wheels",),
    values="true or false; nil if no wheel is known to spin and one may",
    confidence="estimated",
    source="ours",
    is_not="not the car's spin, which is the event `spin`; not the intervention of TC",
    witness="as `spinning_wheels`",
    reliable_hz=10,
)
def wheel_spin_detected(now: Sample) -> bool | None:
    return _any(now.chassis.spinning.wheels)


@explained(
    formula="under power and slip ratio above `wheelspin_slip_ratio` for `wheel_hold_s`",
    uses=("slip_ratio", "gas"),
    values=(
        "true or false; nil for a wheel of which it cannot be known: without a radius, or with ticks farther "
        "apart than 0.1 s"
    ),
    confidence="estimated",
    source="ours",
    is_not="not limited to the driven wheels: the pages do not say which they are",
    witness="driven wheels of the stand-in that turn too fast: each one, and no other",
    reliable_hz=10,
)
def spinning_wheels(now: Sample) -> WheelsKnown:
    a, b, c, d = now.chassis.spinning.wheels
    return a, b, c, d


@explained(
    formula="min(gas, brake)",
    uses=("gas", "brake"),
    values="0 to 1",
    confidence="exact",
    source="the sim",
    is_not="not the pedals but what is applied: input filters come before it, ABS after it",
    witness="values whose minimum is known: equal",
)
def brake_throttle_overlap(now: Sample) -> float:
    return min(now.physics.gas, now.physics.brake)


@explained(
    formula="tc",
    uses=("tc",),
    values="0 off, else the slip-ratio limit of the chosen map",
    confidence="exact",
    source="the sim",
    is_not="never whether TC works right now",
    witness="the page: equal",
)
def tc_setting(now: Sample) -> float:
    return now.physics.tc


@explained(
    formula="abs",
    uses=("abs",),
    values="0 off, else the slip-ratio limit of the chosen map",
    confidence="exact",
    source="the sim",
    is_not="never whether ABS works right now",
    witness="the page: equal",
)
def abs_setting(now: Sample) -> float:
    return now.physics.abs


@explained(
    formula="gear - 1",
    uses=("gear",),
    values="-1 reverse, 0 neutral, 1 first and so on",
    confidence="exact",
    source="the sim",
    is_not="not the sim's index",
    witness="the page: equal",
)
def gear_number(now: Sample) -> int:
    return now.physics.gear - 1


@explained(
    formula="`learned` once the centre of gravity and the rolling radii at this speed are known, else `estimated`",
    uses=("carCoordinates", "wheelLoad", "wheelAngularSpeed", "localVelocity", "accG"),
    values="`learned` or `estimated`",
    confidence="exact",
    source="ours",
    is_not="not how exact slip ratio and angle are: learned values, too, are estimated",
    witness="pages whose centre and radii are known; the stand-in met at speed: angles within 0.0005 rad of the known",
)
def slip_calibration(now: Sample) -> str:
    return "learned" if now.chassis.calibrated(now.physics.localVelocity[2]) else "estimated"


def _any(wheels: Iterable[bool | None]) -> bool | None:
    """Return whether any wheel does; ``None`` if none is known to, and one may."""
    known = tuple(wheels)
    return True if True in known else None if None in known else False
