"""
The table: every field of Assetto Corsa's three shared-memory pages (AC1 1.16.x, shared-memory version "1.7").

Names are the sim's own, verbatim (the two that begin with x_ are ours: the sim's documentation leaves them out).
Meanings are what raw pages and recordings of real sessions show, which is not always what the official text says;
"unconfirmed" marks what no independent evidence supports yet. A field that an older build or a car does not write is 0.

Frames: world is right-handed, metres, Y up (on the sim's map x is east and z is south). The car's own frame is X left,
Y up, Z forward. Wheels are ordered front left, front right, rear left, rear right.
"""

from acbridge.layout import Page, f32, f32x3, f32x4, i32, text
from acbridge.pages.game import Game, PageField, StatusWord
from acbridge.schema import WHEELS, Vec3, Wheels, WheelVecs
from acbridge.status import SimState

LOCAL = "left, up, forward"
WORLD = "x, y, z"

SM_VERSION = "1.7"
"""What `smVersion` says in AC1; other sims of the family share the page names and say something else."""

STATUS_OFF, STATUS_REPLAY, STATUS_LIVE, STATUS_PAUSE = range(4)
"""The values of `graphics.status`."""


class Physics(Page, topic="physics"):
    """The car's state, rewritten by the sim at every physics step of 3 ms (333.33 Hz)."""

    packetId: int = i32("Counts physics steps of 3 ms; stands still while paused; starts over in a new sim process.")
    gas: float = f32("Throttle as applied after input filters, 0 released to 1 floored.")
    brake: float = f32("Brake as applied after input filters and before ABS, 0 released to 1 full.")
    fuel: float = f32("Fuel in the tank.", unit="L")
    gear: int = i32("Gear index: 0 reverse, 1 neutral, 2 first and so on.")
    rpms: int = i32("Engine speed; can be negative for an instant.", unit="rpm")
    steerAngle: float = f32("Steering input, -1 full left to 1 full right; neither degrees nor radians.")
    speedKmh: float = f32("Length of the velocity, never negative; not the wheels' speed.", unit="km/h")
    velocity: Vec3 = f32x3("Velocity in the world.", unit="m/s", axes=WORLD)
    accG: Vec3 = f32x3("Acceleration in the car's frame without gravity: 0 at rest.", unit="g", axes=LOCAL)
    wheelSlip: Wheels = f32x4("Combined slip over slip at peak grip: 1 is the limit, unbounded; not a slip ratio.")
    wheelLoad: Wheels = f32x4("Vertical tyre load.", unit="N")
    wheelsPressure: Wheels = f32x4("Tyre pressure, hot.", unit="psi")
    wheelAngularSpeed: Wheels = f32x4("Wheel speed, positive rolling forward.", unit="rad/s")
    tyreWear: Wheels = f32x4(
        "Grip left by the compound's wear curve: about 100 new, falls to 98..70 by compound, may rise at first.",
        unit="%",
    )
    tyreDirtyLevel: Wheels = f32x4("Dirt picked up, 0 clean to about 10.")
    tyreCoreTemperature: Wheels = f32x4("Tyre core temperature.", unit="degC")
    camberRAD: Wheels = f32x4(
        "Camber; the sign flips from side to side (negative camber: left -, right +).", unit="rad"
    )
    suspensionTravel: Wheels = f32x4("Travel from full droop; may exceed suspensionMaxTravel.", unit="m")
    drs: float = f32("DRS flap, 1 open.")
    tc: float = f32("Slip-ratio limit of the chosen traction control map, 0 off; a setting, not an intervention.")
    heading: float = f32(
        "Heading, 0 facing +Z, growing when turning right; forward is (-sin, cos) in x, z.", unit="rad"
    )
    pitch: float = f32("Pitch, positive nose up.", unit="rad")
    roll: float = f32("Roll, positive right side up.", unit="rad")
    cgHeight: float = f32("Height of the centre of gravity above the contact patches.", unit="m")
    carDamage: tuple[float, float, float, float, float] = f32(
        "Hardest impact so far times the damage rate, 0 to 100 and more; falls only on repair; not 0 to 1.",
        unit="km/h",
        shape=(5,),
        axes="front, rear, left, right, largest of the four",
    )
    numberOfTyresOut: int = i32("Wheels now on a surface that is not valid track, 0 to 4.")
    pitLimiterOn: int = i32("Pit limiter, 1 on.")
    abs: float = f32("Slip-ratio limit of the chosen ABS map, 0 off; a setting, not an intervention.")
    kersCharge: float = f32("KERS or ERS battery, 0 to 1.")
    kersInput: float = f32("KERS or ERS deployment, 0 to 1.")
    autoShifterOn: int = i32("Automatic gearbox, 1 on.")
    rideHeight: tuple[float, float] = f32("Ride height.", unit="m", shape=(2,), axes="front, rear")
    turboBoost: float = f32("Boost, absolute, 0 to maxTurboBoost; about bar (unconfirmed).")
    ballast: float = f32("Ballast.", unit="kg")
    airDensity: float = f32("Air density.", unit="kg/m3")
    airTemp: float = f32("Air temperature.", unit="degC")
    roadTemp: float = f32("Road temperature.", unit="degC")
    localAngularVel: Vec3 = f32x3(
        "Angular velocity in the car's frame: pitch rate, yaw rate (positive turning left), roll rate.",
        unit="rad/s",
        axes=LOCAL,
    )
    finalFF: float = f32("Force feedback after gains; can pass 1 (unconfirmed).")
    performanceMeter: float = f32("Delta to the best valid lap of the session, 0 when none (unconfirmed).", unit="s")
    engineBrake: int = i32("Engine brake setting, 0 if the car has none.")
    ersRecoveryLevel: int = i32("ERS recovery setting, 0 without ERS.")
    ersPowerLevel: int = i32("ERS power setting, 0 without ERS.")
    ersHeatCharging: int = i32("ERS heat charging: 0 motor, 1 battery.")
    ersIsCharging: int = i32("ERS charging, 1 yes.")
    kersCurrentKJ: float = f32("KERS or ERS energy spent this lap.", unit="kJ")
    drsAvailable: int = i32("In a DRS zone and allowed to open it, 1 yes.")
    drsEnabled: int = i32("DRS enabled, 1 yes.")
    brakeTemp: Wheels = f32x4("Brake disc temperature; stays at ambient on cars without a brake model.", unit="degC")
    clutch: float = f32("Clutch, 1 engaged (pedal up) to 0 disengaged (pedal down); the official text has it inverted.")
    tyreTempI: Wheels = f32x4("Tread temperature, inner: towards the car's centre line.", unit="degC")
    tyreTempM: Wheels = f32x4("Tread temperature, middle.", unit="degC")
    tyreTempO: Wheels = f32x4("Tread temperature, outer.", unit="degC")
    isAIControlled: int = i32("Driven by the sim's AI, 1 yes.")
    tyreContactPoint: WheelVecs = f32("Contact point in the world.", unit="m", shape=(4, 3), axes=f"{WHEELS}; {WORLD}")
    tyreContactNormal: WheelVecs = f32("Road normal there, unit vector.", shape=(4, 3), axes=f"{WHEELS}; {WORLD}")
    tyreContactHeading: WheelVecs = f32(
        "Unit vector pointing backward along the wheel, steering and toe included.",
        shape=(4, 3),
        axes=f"{WHEELS}; {WORLD}",
    )
    brakeBias: float = f32("Brake bias, front share, 0 to 1.")
    localVelocity: Vec3 = f32x3("Velocity in the car's frame.", unit="m/s", axes=LOCAL)
    P2PActivations: int = i32("Push-to-pass uses left; written only by cars that have it (unconfirmed).")
    P2PStatus: int = i32("Push-to-pass state; written only by cars that have it, values unverified.")
    currentMaxRpm: int = i32("Engine speed at which the limiter cuts.", unit="rpm")


class Graphics(Page, topic="graphics"):
    """The session's state, rewritten by the sim once per rendered frame."""

    packetId: int = i32("Grows by 2 per rendered frame; not comparable with the one of physics.")
    status: int = i32("0 off, 1 replay, 2 live, 3 pause; stays 2 in the ESC and pit menus, 0 after a clean exit.")
    session: int = i32("-1 unknown, 0 practice, 1 qualify, 2 race, 3 hotlap, 4 time attack, 5 drift, 6 drag.")
    currentTime: str = text(15, 'Current lap as "m:ss:mmm", "-:--:---" when none.')
    lastTime: str = text(15, 'Last lap as "m:ss:mmm", "-:--:---" when none.')
    bestTime: str = text(15, 'Best lap without cuts as "m:ss:mmm", "-:--:---" when none.')
    split: str = text(15, "Last split; one space when none.")
    completedLaps: int = i32("Laps completed, cut laps included; may change one sample after the timer starts over.")
    position: int = i32("Leaderboard position from 1; changes only at the line.")
    iCurrentTime: int = i32("Current lap on a 3 ms grid; 0 before the first crossing of the line.", unit="ms")
    iLastTime: int = i32("Last lap, 0 when none.", unit="ms")
    iBestTime: int = i32("Best lap, 0 when none; may be a cut lap, unlike bestTime (unconfirmed).", unit="ms")
    sessionTimeLeft: float = f32(
        "Time left in a timed session; negative elapsed time in lap races and open practice; may be inf.", unit="ms"
    )
    distanceTraveled: float = f32("Way covered since loading, teleports included; not a lap distance.", unit="m")
    isInPit: int = i32("Within about 1.5 m of one's own pit box, 1 yes (unconfirmed).")
    currentSectorIndex: int = i32("Splits passed in this lap; constant 0 on some tracks.")
    lastSectorTime: int = i32("Last split of this lap, else the last sector of the lap before.", unit="ms")
    numberOfLaps: int = i32("Laps of the race, 0 in timed sessions.")
    tyreCompound: str = text(33, 'Tyre compound as displayed, such as "Semislicks (SM)".')
    replayTimeMultiplier: float = f32("Replay speed, 1 live.")
    normalizedCarPosition: float = f32(
        "Position along the AI line, 0 to 1; 0 need not be the timing line; 0 without line."
    )
    carCoordinates: Vec3 = f32x3("Centre of gravity of the player's car in the world.", unit="m", axes=WORLD)
    penaltyTime: float = f32("Penalty left for cutting in a race.", unit="s")
    flag: int = i32("0 none, 1 blue, 2 yellow, 3 black, 4 white, 5 chequered, 6 penalty (partly unconfirmed).")
    idealLineOn: int = i32("Ideal line shown, 1 yes.")
    isInPitLane: int = i32("Any tyre on the pit lane, 1 yes.")
    surfaceGrip: float = f32("Grip of the track surface, 0 to 1.")
    mandatoryPitDone: int = i32("Mandatory pit stop done, 1 yes.")
    windSpeed: float = f32("Wind speed.", unit="km/h")
    windDirection: float = f32("Wind direction, may be negative.", unit="deg")
    x_timeLimitedRemaining: int = i32(
        "Undocumented: time left in a limited test, -1 normally (unconfirmed).", unit="ms"
    )
    x_escMenuVisible: int = i32("Undocumented: ESC menu shown, 1 yes (unconfirmed).")


class Static(Page, topic="static"):
    """What does not change while the sim process lives: the car, the track and the rules."""

    smVersion: str = text(15, 'Version of the shared memory: "1.7" in AC1, something else in another sim.')
    acVersion: str = text(15, 'Version of the sim, such as "1.16.4".')
    numberOfSessions: int = i32("Sessions of the event.")
    numCars: int = i32("Most cars that may take part.")
    carModel: str = text(33, "Folder name of the car.")
    track: str = text(33, "Folder name of the track.")
    playerName: str = text(33, "The player's nickname, cut at 30 characters.", personal=True)
    playerSurname: str = text(33, "The same as playerName.", personal=True)
    playerNick: str = text(33, "The same as playerName.", personal=True)
    sectorCount: int = i32("Sectors of the track.")
    maxTorque: float = f32("Largest engine torque.", unit="Nm")
    maxPower: float = f32("Largest engine power.", unit="W")
    maxRpm: int = i32("Engine speed limit; 0 in some mods: prefer currentMaxRpm.", unit="rpm")
    maxFuel: float = f32("Size of the tank.", unit="L")
    suspensionMaxTravel: Wheels = f32x4("Nominal travel; may be 0 or less than suspensionTravel.", unit="m")
    tyreRadius: Wheels = f32x4("Nominal unloaded radius, about 0.25 % under the effective one.", unit="m")
    maxTurboBoost: float = f32("Largest boost; about bar (unconfirmed).")
    deprecated_1: float = f32("Retired by the sim (was the air temperature).")
    deprecated_2: float = f32("Retired by the sim (was the road temperature).")
    penaltiesEnabled: int = i32("Cutting is punished, 1 yes.")
    aidFuelRate: float = f32("Fuel consumption multiplier.")
    aidTireRate: float = f32("Tyre wear multiplier.")
    aidMechanicalDamage: float = f32("Damage multiplier; 0 keeps carDamage at 0.")
    aidAllowTyreBlankets: int = i32("Tyre blankets allowed, 1 yes.")
    aidStability: float = f32("Stability aid, 0 to 1.")
    aidAutoClutch: int = i32("Automatic clutch, 1 yes.")
    aidAutoBlip: int = i32("Automatic throttle blip, 1 yes.")
    hasDRS: int = i32("The car has DRS, 1 yes.")
    hasERS: int = i32("The car has ERS, 1 yes.")
    hasKERS: int = i32("The car has KERS, 1 yes.")
    kersMaxJ: float = f32("KERS energy per lap.", unit="J")
    engineBrakeSettingsCount: int = i32("Engine brake settings.")
    ersPowerControllerCount: int = i32("ERS power settings.")
    trackSPlineLength: float = f32("Length of the AI line, 0 if the track has none.", unit="m")
    trackConfiguration: str = text(33, "Folder name of the layout, empty for a track with one layout.")
    ersMaxJ: float = f32("ERS energy per lap.", unit="J")
    isTimedRace: int = i32("Race by time, 1 yes.")
    hasExtraLap: int = i32("One more lap after the time is up, 1 yes.")
    carSkin: str = text(33, "Folder name of the skin.")
    reversedGridPositions: int = i32("Grid positions reversed for the second race.")
    PitWindowStart: int = i32("Opening of the pit window, lap or minute.")
    PitWindowEnd: int = i32("Closing of the pit window, lap or minute.")


AC1 = Game(
    name="Assetto Corsa",
    pages=(Physics, Graphics, Static),
    on_change=(Static,),
    page_prefix="acpmf_",
    page_file_size=2048,
    version=PageField(Static, "smVersion"),
    version_text=SM_VERSION,
    relatives={"1.9": "Assetto Corsa Competizione", "1.0": "Assetto Corsa EVO"},
    step=PageField(Physics, "packetId"),
    step_ms=3,
    status=PageField(Graphics, "status"),
    status_words={
        STATUS_OFF: StatusWord("off", SimState.IDLE),
        STATUS_REPLAY: StatusWord("replay", SimState.REPLAY),
        STATUS_LIVE: StatusWord("live", SimState.LIVE),
        STATUS_PAUSE: StatusWord("pause", SimState.PAUSED),
    },
    sessions=("practice", "qualify", "race", "hotlap", "time_attack", "drift", "drag"),
)
"""Assetto Corsa, the first of its family."""
