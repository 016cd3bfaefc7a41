"""The long room: some eighty mornings of two-line updates, so that paging back has something to show.

Put together from each person's own list of jobs, a job taking a few days; the same every time.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from integrations.demo.cast import Line, Scene

MORNINGS = 80  # with answers and those who are away, some 430 messages

JOBS = {
    "maya": (
        "the spring timetable", "new safety cards for the saws", "the grant report", "the key list",
        "volunteer interviews", "the insurance renewal", "the open-day flyer", "first-aid course dates",
        "a quieter corner for the sewing group", "the landlord's questions about the roof", "the tool library forms",
        "thank-you notes for the donors", "the accessibility walk-through", "a rota for the front desk",
        "the budget for the lathe", "the summer school plan", "posters for the repair fair",
    ),
    "tomas": (
        "moving the website to the new host", "the booking form", "door sensor batteries", "the soil moisture probe",
        "a backup that restores", "the label printer driver", "wifi upstairs", "the thermometer in bay 3",
        "the camera for the laser cutter", "the newsletter sign-up", "cleaning out the old accounts",
        "the calendar feed", "the sensor gateway's power supply", "alerts for frost", "the donations page",
        "a map for visitors", "the switch in the cellar",
    ),
    "yuki": (
        "the stool prototype", "re-levelling printer two", "a jig for the drawer fronts", "sharpening the chisels",
        "the sign for the front door", "spare hinges for the cabinet", "sanding the long bench", "sorting filament",
        "the birdhouse kit", "new feet for the band saw", "dust extraction hoses", "the pegboard",
        "a holder for the clamps", "oiling the workbench", "the toy train for the open day", "shelves for paint",
    ),
    "priya": (
        "sowing tomatoes", "the compost sieve", "fleece for the cold frames", "pricking out the peppers",
        "the water butt tap", "labels for the herb bed", "the seed swap list", "thinning the carrots",
        "slug traps", "the drip line in bay 2", "potting on the aubergines", "the worm bin", "nettle feed",
        "netting the brassicas", "the school visit", "saving the bean seed", "the cucumber strings",
    ),
    "jonas": (
        "truing the donated wheels", "the cargo bike's brakes", "a parts inventory", "the kids' bike swap",
        "bearings for the blue tandem", "the second repair stand", "tubes and patches order", "the chain stretch gauge",
        "the wheel-building evening", "a frame with a stuck seat post", "lights for the commuters' day",
        "the pump by the gate", "shifters on the trailer bike", "the bottom bracket course", "cable stock",
        "the loan bikes' service", "the free-air sign",
    ),
}  # fmt: skip

_BEGINS = ("Starting on {job}.", "Today: {job}.", "Picking up {job}.", "On to {job}.", "First thing today: {job}.")
_GOES_ON = (
    "Still {job}.", "Carrying on with {job}.", "{Job}. Slower than I hoped.", "{Job}: about half way.",
    "After lunch back to {job}.", "{Job} again. Waiting for a part, so it may be tomorrow.",
    "{Job}: found out why it took so long last time.", "Not much yesterday; {job} stays on my list.",
)  # fmt: skip
_ENDS = (
    "{Job}: done.\nNext: {next}.", "Finished {job} yesterday. Next is {next}.", "{Job}: done ✔️\nThen {next}.",
    "Done with {job}, at last.\nToday I look at {next}.", "{Job}: done and tidied up. Now {next}.",
)  # fmt: skip
_ANSWERS = (
    "Nice!", "Need a hand?", "I can bring the multimeter.", "👏", "The spare one is in the red drawer.", "Finally 🎉",
    "Could you write that down somewhere? I will forget.", "Same here last year, it was the cable.", "Thank you!!",
    "I am in from two, shall we do it together?", "Mind the wet paint on the bench.", "Is there a photo?",
)  # fmt: skip
_AWAY = ("Out today, back tomorrow.", "Only here till noon.", "At the dentist, later then.")


def scenes(days_ago: Sequence[int]) -> tuple[Scene, ...]:
    """A morning for each of these days, oldest first."""
    random = Random(1906)  # noqa: S311 (it chooses words)
    state = {who: [0, 0] for who in JOBS}  # which job, and for how many days
    return tuple(_morning(day, state, random) for day in days_ago)


def _morning(days_ago: int, state: dict[str, list[int]], random: Random) -> Scene:
    people = list(JOBS)
    random.shuffle(people)
    lines: list[Line] = []
    for who in people:
        if random.random() < 0.04:
            lines.append(Line(who, random.uniform(1, 9), random.choice(_AWAY)))
            continue
        name = f"{days_ago} {who}"
        lines.append(Line(who, random.uniform(1, 9), _update(who, state[who], random), name=name))
        if random.random() < 0.09:
            other = random.choice([each for each in people if each != who])
            lines.append(Line(other, random.uniform(0.5, 4), random.choice(_ANSWERS), answers=name))
    return Scene(tuple(lines), days_ago=days_ago, at=f"08:{random.randint(20, 55)}")


def _update(who: str, state: list[int], random: Random) -> str:
    """What somebody says of their job today; moves them on to the next one when it is done."""
    job, days = state
    jobs = JOBS[who]
    doing, following = jobs[job % len(jobs)], jobs[(job + 1) % len(jobs)]
    if days == 0:
        template = random.choice(_BEGINS)
        state[1] = 1
    elif random.random() < 0.2 + 0.15 * days:
        template = random.choice(_ENDS)
        state[0], state[1] = job + 1, 1
    else:
        template = random.choice(_GOES_ON)
        state[1] = days + 1
    return template.format(job=doing, Job=doing[0].upper() + doing[1:], next=following)
