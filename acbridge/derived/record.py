"""The Derived record: what acbridge derives from the pages, at every tick. Each column has a function in `metrics`."""

from acbridge.schema import ANY_LENGTH, WHEELS, Record, WheelFlags, Wheels, WheelsKnown, f64, flag, integer, string

ZONES = ("front", "rear", "left", "right")


class Derived(Record, topic="derived"):
    """What follows from the pages of this tick and of those before it; docs/reference/derived.md says how."""

    # Dynamics
    acc_right_g: float = f64("Acceleration to the right (-accG[0]); positive in a right-hand bend.", unit="g")
    acc_forward_g: float = f64("Acceleration forward (accG[2]); negative when braking.", unit="g")
    slip_ratio: Wheels | None = f64(
        "Wheel speed against ground speed: 0 rolling, -1 locked; nan for a wheel without a radius; nil under 3 m/s. "
        "Estimated.",
        shape=(4,),
        axes=WHEELS,
        nullable=True,
    )
    slip_angle: Wheels | None = f64(
        "Angle from where the wheel points to where it goes, positive to the left; nil under 3 m/s. Estimated.",
        unit="rad",
        shape=(4,),
        axes=WHEELS,
        nullable=True,
    )
    body_slip_angle: float | None = f64(
        "Angle from the car's axis to its velocity, positive to the left; nil under 3 m/s forward. Estimated.",
        unit="rad",
        nullable=True,
    )
    understeer_angle: float | None = f64(
        "Steering beyond what the bend needs; negative in oversteer; nil when slow or straight on. Estimated.",
        unit="rad",
        nullable=True,
    )
    avg_wheel_slip: float = f64("Mean of wheelSlip over the wheels, each cut at 10; 1 is the limit of grip.")
    grip_used: Wheels = f64("Share of the slip at peak grip: wheelSlip cut at 1.", shape=(4,), axes=WHEELS)
    wheels_past_peak: WheelFlags = flag("wheelSlip above 1: past the tyre's peak grip.", shape=(4,), axes=WHEELS)
    wheel_lock_detected: bool | None = flag("A wheel is locked; nil if that cannot be known. Estimated.", nullable=True)
    locked_wheels: WheelsKnown = flag(
        "Braking, and turning far too slowly for 30 ms; nil for a wheel of which it cannot be known. Estimated.",
        shape=(4,),
        axes=WHEELS,
        nullable=True,
    )
    wheel_spin_detected: bool | None = flag("A wheel spins; nil if that cannot be known. Estimated.", nullable=True)
    spinning_wheels: WheelsKnown = flag(
        "Under power, and turning far too fast for 30 ms; nil for a wheel of which it cannot be known. Estimated.",
        shape=(4,),
        axes=WHEELS,
        nullable=True,
    )
    brake_throttle_overlap: float = f64("The smaller of gas and brake, 0 to 1.")
    tc_setting: float = f64("tc: the slip-ratio limit of the chosen map, 0 off; not an intervention.")
    abs_setting: float = f64("abs: the slip-ratio limit of the chosen map, 0 off; not an intervention.")
    gear_number: int = integer("Gear as a driver counts: -1 reverse, 0 neutral, 1 first.")

    # Condition
    tyre_grip_loss: Wheels = f64("Grip lost to wear, (100 - tyreWear) / 100.", shape=(4,), axes=WHEELS)
    tyre_wear: Wheels | None = f64(
        "0 new to 1 worn to the compound's floor; nil for a compound that is not the game's own. Estimated.",
        shape=(4,),
        axes=WHEELS,
        nullable=True,
    )
    tyre_damaged: bool = flag("A tyre is worn by 0.8, or below 98 % grip if its floor is unknown. Estimated.")
    tyre_critical: bool = flag("A tyre is worn by 0.95, or below 96 % grip if its floor is unknown. Estimated.")
    damage_level: float = f64("Hardest impact of the four zones, cut at 100.", unit="km/h")
    damage_levels: tuple[float, float, float, float] = f64(
        "Hardest impact of each zone, cut at 100.", unit="km/h", shape=(4,), axes="front, rear, left, right"
    )
    bodywork_damaged: bool = flag("The zones add up to more than 40 km/h. Estimated.")
    bodywork_critical: bool = flag("The zones add up to more than 200 km/h. Estimated.")
    fuel_fraction: float | None = f64("Fuel over maxFuel; nil if the car does not say its tank.", nullable=True)

    # Lap
    lap_number: int = integer("Number of the running lap, from 1.")
    lap_state: str = string("out_lap, valid, invalid or in_pit. Estimated.")
    is_lap_valid: bool = flag("The running lap would count. Estimated.")
    lap_invalid_reason: str | None = string(
        "cut, teleport, out_lap or not_seen_whole; nil while the lap would count. Estimated.", nullable=True
    )
    lap_distance_m: float | None = f64(
        "Way along the AI line, normalizedCarPosition * trackSPlineLength; nil on tracks without one.",
        unit="m",
        nullable=True,
    )
    lap_progress: float | None = f64(
        "Share of the timed part driven, 0 to 1; nil on tracks without an AI line. Estimated.", nullable=True
    )
    sector: int = integer("Number of the running sector, from 1.")
    sector_times_ms: tuple[int, ...] = integer(
        "Times of the sectors completed in this lap.", unit="ms", shape=(ANY_LENGTH,)
    )
    delta_to_best_s: float | None = f64(
        "Ahead of (negative) or behind the best valid lap seen, at this place; nil without one. Estimated.",
        unit="s",
        nullable=True,
    )
    predicted_lap_ms: int | None = integer(
        "That lap's time plus the delta; nil without one. Estimated.", unit="ms", nullable=True
    )

    # Situation
    sim_state: str = string("live, paused or replay.")
    in_pit_lane: bool = flag("In the pit lane for 0.3 s, or not out of it for so long.")
    off_track: str | None = string(
        "By wheels off the track for 0.1 s: none, partial (1, 2), off (3), fully (4); nil if ticks are too far apart. "
        "Estimated.",
        nullable=True,
    )
    stationary: bool = flag("Slower than 1 km/h.")
    stuck: bool | None = flag(
        "Power on the wheels and no speed for 3 s, or off the track and no speed for 5 s; nil if ticks are too far "
        "apart. Estimated.",
        nullable=True,
    )
    wrong_way: bool | None = flag(
        "Driving forward against the AI line for 1.5 s; nil if ticks are too far apart. Estimated.", nullable=True
    )
    teleported: bool = flag("Moved without driving within the last second. Estimated.")

    # Consumption
    fuel_per_lap: float | None = f64(
        "Median of the last 5 clean laps; nil before the first. Estimated.", unit="L", nullable=True
    )
    fuel_laps_left: float | None = f64("Fuel over fuel_per_lap. Estimated.", nullable=True)
    tyre_wear_per_lap: Wheels | None = f64(
        "Growth of tyre_wear, median of the last 5 clean laps on this compound; nil before the first. Estimated.",
        shape=(4,),
        axes=WHEELS,
        nullable=True,
    )

    # Added later, and therefore last on the wire
    driver: str = string("Who drives in this lap: human, ai, or mixed.")
    slip_calibration: str = string(
        "Whether centre of gravity and rolling radii are learned, or estimated: learned or estimated."
    )
