"""What people say in the demo, room by room, scene by scene."""
# ruff: noqa: E501 (what somebody says stays on one line)

from __future__ import annotations

from integrations.demo.cast import Line, Scene

_SENSOR_SCRIPT = '''Wrote this so that we stop guessing. It reads the probe and says so here:
```python
import time

def readings(probe, every=600):
    """Yield (moisture %, °C) for as long as the probe answers."""
    while probe.alive:
        yield probe.moisture(), probe.celsius()
        time.sleep(every)

for moisture, celsius in readings(probe):
    if moisture < 25 or celsius < 3:
        post(f"💧 {moisture:.0f} %  🌡 {celsius:.1f} °C")
```
Thresholds are up for discussion.'''

_DISK = """Why the website was down, for the record:
```
$ df -h /srv
Filesystem      Size  Used Avail Use% Mounted on
/dev/sda2        40G   40G     0 100% /srv
$ du -sh /srv/photos
37G     /srv/photos
```
Photos now go to the big disk. 31 G free."""

_MARKET_PLAN = """Plan for Saturday:
1. Tables out at 08:00 (Tomás, Robin)
2. Wood stall: Yuki's birdhouses, 12 €
3. Seeds and jam: Priya
4. Lights on at 16:00, tear down at 19:00
Who takes the cash box home?"""

_WELCOME = """Hi everyone, I'm Sam 👋 I moved in round the corner last month.
I can sew, I own a drill, and I would like to learn to solder.
Thursday evenings and Saturdays suit me best."""

_REPAIR_FAIR = """Draft for the repair fair, shout if I forgot something:

• doors 10–16, last bike in at 15:00
• 3 stands, 1 sewing table, 1 soldering corner
• tea and cake on donation
• sign-in sheet → Leila, insurance → me"""

TALK: dict[str, tuple[Scene, ...]] = {
    "commons": (
        Scene(days_ago=6, at="09:05", lines=(
            Line("robin", 0, "Morning all. The heating engineer comes on Thursday between 9 and 11, so the front room will be cold and loud."),
            Line("maya", 4, "Thanks Robin. I'll move the sewing group upstairs for that morning."),
            Line("leila", 11, "They will like the light up there anyway ☀️"),
            Line("jonas", 22, "Can somebody let him look at the radiator by the bike stand as well? It knocks."),
            Line("robin", 3, "Already on his list."),
        )),
        Scene(days_ago=5, at="16:40", lines=(
            Line("tomas", 0, "The website is back. Sorry for the two hours."),
            Line("tomas", 1, _DISK, name="disk"),
            Line("priya", 6, "37 G of photos 😄 Most of them are my tomatoes, I'm afraid.", answers="disk"),
            Line("tomas", 1, "Most of them are your tomatoes."),
            Line("yuki", 9, "The tomatoes were worth it."),
            Line("maya", 5, "Could we put the rule somewhere that people see it? Photos over 5 MB get scaled down?"),
            Line("tomas", 7, "It does that by itself since an hour ago.", edited=True),
        )),
        Scene(days_ago=4, at="11:15", lines=(
            Line("sam", 0, "joined", joins=True),
            Line("sam", 3, _WELCOME, name="hello"),
            Line("maya", 2, "Welcome, Sam! Thursday is open evening, just come in. Ask for Tomás about soldering.", answers="hello"),
            Line("tomas", 5, "Bring something broken that you don't love. We start with that."),
            Line("leila", 3, "أهلاً وسهلاً سام! سعيدون بانضمامك إلينا."),
            Line("yuki", 14, "ようこそ、サムさん! 木曜日に会いましょう。"),
            Line("jonas", 2, "Välkommen! If you have a bike: Bike Bench. If you don't: also Bike Bench."),
            Line("sam", 6, "Wow, thank you all 😊 I have a toaster that hates me."),
            Line("tomas", 1, "Perfect."),
        )),
        Scene(days_ago=2, at="13:20", lines=(
            Line("leila", 0, "The library said yes! We may put posters for the repair fair in both branches 🎉", name="library",
                 reactions=(("🎉", ("maya", "robin", "yuki", "jonas")), ("❤️", ("priya",)))),
            Line("maya", 2, "You are wonderful. How many do they take?", answers="library"),
            Line("leila", 4, "Ten each, A3. The printer's deadline is Friday noon."),
            Line("yuki", 8, "I can draw the border. Tools as a frame, like last year's sign?"),
            Line("maya", 1, "Yes please 🙏"),
            Line("robin", 35, "Does anybody remember what we paid for printing last time?"),
            Line("leila", 3, "48 € for thirty, at the place on Mill Street."),
        )),
        Scene(days_ago=1, at="15:02", lines=(
            Line("jonas", 0, "Whoever took the 5 mm hex key from the red drawer: it misses its family."),
            Line("yuki", 3, "Not me, but I found one in the sawdust last week. It hangs on the pegboard now."),
            Line("jonas", 2, "That is the one. Reunited ❤️", reactions=(("😄", ("yuki", "maya")),)),
            Line("priya", 40, "Free to a good home: 30 lettuce seedlings, by the door, in the egg boxes."),
            Line("sam", 12, "Took six. Is a balcony enough sun?"),
            Line("priya", 2, "For lettuce, more than enough."),
        )),
        Scene(minutes_ago=96, lines=(
            Line("maya", 0, "Reminder: **open evening tomorrow from six**. Soup at eight, bring a bowl.", name="evening", pinned_by="maya",
                 reactions=(("👍", ("robin", "sam", "yuki")),)),
            Line("robin", 4, "I'm bringing bread.", thread="evening"),
            Line("leila", 2, "And I the olives.", thread="evening"),
            Line("priya", 3, "Which soup shall it be?", poll=("Lentil", "Tomato, of course", "Surprise us"),
                 votes=(("maya", 1), ("tomas", 1), ("robin", 0), ("yuki", 2), ("jonas", 1))),
            Line("sam", 16, "Toaster is packed already."),
            Line("leila", 18, "I might be late, the partner meeting moved to 17:30. Save me some soup?"),
            Line("jonas", 6, "We will try. No promises, it is Priya's soup."),
            Line("priya", 5, "There is a second pot. I know you people 😄"),
        )),
    ),
    "bike-bench": (
        Scene(days_ago=7, at="17:10", lines=(
            Line("jonas", 0, "Stand two is free again, the tandem went home. It only took three of us and a lot of words."),
            Line("yuki", 5, "The blue one? おめでとう!"),
            Line("jonas", 2, "The blue one. Its bottom bracket is now on the wall of shame."),
        )),
        Scene(days_ago=3, at="10:30", lines=(
            Line("sam", 0, "Is there a trick to a seat post that will not move at all? Steel in steel, I think."),
            Line("jonas", 6, "Penetrating oil, a night of patience, then twist, do not pull.\nIf that fails: heat around it, never on carbon, and then twist again.", name="post"),
            Line("tomas", 3, "And if that fails we saw it out. I have seen him do it, he smiles.", answers="post"),
            Line("sam", 44, "It moved!! 3 mm, but it moved."),
            Line("jonas", 1, "That is how it starts."),
        )),
        Scene(days_ago=1, at="16:25", lines=(
            Line("maya", 0, "Two bikes came in by donation: a city bike with a bent fork, a kids' bike 20″ in good shape."),
            Line("jonas", 8, "Fork: parts. Kids' bike: I know a family. Thank you for writing down who brought them."),
            Line("tomas", 4, "Order list so far is at https://example.org/parts – add to it before Friday, please."),
        )),
        Scene(minutes_ago=58, lines=(
            Line("sam", 0, "Seat post is out. All of it. Photo does not do it justice."),
            Line("jonas", 3, "👏👏👏"),
            Line("yuki", 9, "すごい! Next: soldering, then the world."),
        )),
    ),
    "greenhouse": (
        Scene(days_ago=6, at="08:15", lines=(
            Line("priya", 0, "Water rota for this week: Mon+Thu me, Tue+Fri Leila, Wed Maya, weekend Tomás. Swap freely, but say so here."),
            Line("leila", 12, "Could I have Wednesday and not Friday?"),
            Line("maya", 3, "Fine by me, I'll take Friday."),
            Line("priya", 1, "Done, thank you 🌿"),
        )),
        Scene(days_ago=5, at="14:05", lines=(
            Line("tomas", 0, _SENSOR_SCRIPT, name="script"),
            Line("priya", 6, "25 % is late for seedlings, early for everything else. 30?", answers="script"),
            Line("tomas", 2, "30 it is. Frost warning stays at 3 °C?"),
            Line("priya", 1, "Yes. Below 3 I get up and bring the fleece."),
            Line("robin", 15, "Please let it not be me who gets up.", deleted=True),
            Line("greenhouse", 10, "💧 41 %  🌡 17.9 °C  Sensor started."),
        )),
        Scene(days_ago=3, at="06:40", lines=(
            Line("greenhouse", 0, "🌡 2.8 °C  Frost warning for bay 3.", name="frost"),
            Line("priya", 4, "Going. Fleece is on by seven.", answers="frost"),
            Line("maya", 55, "You are a hero. Is anything lost?"),
            Line("priya", 3, "Two basil plants, who were dramatic anyway."),
        )),
        Scene(days_ago=1, at="12:10", lines=(
            Line("leila", 0, "سقيتُ كل شيء اليوم، والخيار يحتاج إلى خيوط جديدة.\nWatered everything. The cucumbers need new strings."),
            Line("priya", 9, "Thank you, Leila, شكراً 🙂 I'll do the strings tomorrow."),
            Line("greenhouse", 62, "💧 28 %  🌡 24.3 °C  Bay 2 is dry."),
            Line("tomas", 6, "Drip line was closed. Open now."),
        )),
        Scene(minutes_ago=171, lines=(
            Line("priya", 0, "Strings are up. 14 cucumbers have already chosen theirs."),
            Line("greenhouse", 88, "💧 44 %  🌡 21.0 °C"),
            Line("priya", 31, "Does anybody want to learn grafting on Sunday? I have rootstock for four people."),
        )),
    ),
    "announcements": (
        Scene(days_ago=20, at="10:00", lines=(
            Line("maya", 0, "Spring hours from the first of the month: Tue–Fri 14–20, Sat 10–16. Sundays only for courses."),
        )),
        Scene(days_ago=9, at="10:00", lines=(
            Line("robin", 0, "The front door has a new lock. Keys of the old one open nothing any more; bring yours and take a new one home."),
        )),
        Scene(days_ago=2, at="10:00", lines=(
            Line("maya", 0, "Repair fair: Saturday in three weeks, 10–16. Helpers wanted for doors, tea and the sign-in table. Tell Leila."),
        )),
        Scene(minutes_ago=240, lines=(
            Line("robin", 0, "The front room is cold on Thursday morning, 9–11: the heating is being serviced. Upstairs is warm."),
        )),
    ),
    "coordinators": (
        Scene(days_ago=8, at="11:00", lines=(
            Line("maya", 0, "Numbers for the month: 1,940 € in, 1,615 € out. The lathe fund stands at 820 €."),
            Line("robin", 14, "Insurance goes up by 38 € from July. I asked two others for a quote."),
            Line("leila", 5, "The foundation wants the report by the 15th. I can write it if I get the attendance."),
            Line("maya", 2, "You have it tonight."),
        )),
        Scene(days_ago=2, at="17:45", lines=(
            Line("leila", 0, "Report is off. Two pages, one photo, no adjectives."),
            Line("robin", 3, "Frame it."),
        )),
        Scene(minutes_ago=130, lines=(
            Line("robin", 0, "Quotes are in: the second one is 60 € cheaper and covers the greenhouse. Shall I sign?"),
        )),
    ),
    "board-games": (
        Scene(days_ago=8, at="18:05", lines=(
            Line("jonas", 0, "Thursday: something short first, then the long one with the sheep."),
            Line("leila", 4, "I am never trading sheep with you again."),
            Line("yuki", 9, "I bring 将棋 for whoever loses early."),
        )),
        Scene(days_ago=4, at="17:30", lines=(
            Line("sam", 0, "joined", joins=True),
            Line("sam", 1, "Is there room for a beginner?"),
            Line("jonas", 2, "Always. Bring biscuits, it is the fee."),
        )),
    ),
    "winter-market": (
        Scene(days_ago=58, at="12:00", lines=(
            Line("leila", 0, _MARKET_PLAN, name="plan"),
            Line("robin", 8, "Cash box: me.", answers="plan"),
            Line("priya", 3, "42 jars of jam. Forty-two."),
            Line("tomas", 15, "Lights are tested, all four strings. One was only unplugged."),
        )),
        Scene(days_ago=56, at="17:50", lines=(
            Line("maya", 0, "It is over and we sold everything but one birdhouse. 1,312 € 🎉"),
            Line("leila", 2, "The birdhouse comes home with me."),
            Line("priya", 6, "Zero jars. I am both happy and out of jam."),
        )),
        Scene(days_ago=41, at="10:20", lines=(
            Line("leila", 0, "Everything is paid and the tables are back. I'll close this room; it stays readable for next year."),
        )),
    ),
    "maya-tomas": (
        Scene(days_ago=4, at="15:30", lines=(
            Line("maya", 0, "Could you show Sam the soldering corner on Thursday? I'll be stuck at the front desk."),
            Line("tomas", 12, "Sure. The good iron or the forgiving iron?"),
            Line("maya", 1, "Forgiving, please."),
        )),
        Scene(days_ago=1, at="17:15", lines=(
            Line("tomas", 0, "The booking form now asks for a phone number only if people want a call. Two fields less."),
            Line("maya", 6, "Lovely. Did you see that it still says “Sumbit”?"),
            Line("tomas", 1, "I did not. I do now. Fixed.", edited=True),
        )),
        Scene(minutes_ago=47, lines=(
            Line("tomas", 0, "Are you in already? I have the labels for the drawers in my bag."),
            Line("tomas", 2, "And the long cable. And, for reasons, a cake."),
        )),
    ),
    "maya-yuki": (
        Scene(days_ago=3, at="09:40", lines=(
            Line("yuki", 0, "The sign for the front door is oiled and dry. オイル仕上げ、とてもきれいです。"),
            Line("maya", 5, "I can't wait to see it up. Does it need two people?"),
            Line("yuki", 2, "Two people and a spirit level. Tuesday?"),
            Line("maya", 1, "Tuesday 👍"),
        )),
    ),
    "robin-tomas": (
        Scene(days_ago=2, at="18:00", lines=(
            Line("robin", 0, "The router in the cellar blinks orange again."),
            Line("tomas", 4, "Orange like “working” or orange like “help”?"),
            Line("robin", 1, "Help."),
        )),
        Scene(minutes_ago=200, lines=(
            Line("tomas", 0, "New power supply is in, all green since then. The old one smelled of fish."),
        )),
    ),
    "repair-fair": (
        Scene(days_ago=3, at="16:10", lines=(
            Line("maya", 0, _REPAIR_FAIR, name="draft"),
            Line("priya", 7, "Cake: I count on eight. Gluten-free shelf separate, please.", answers="draft"),
            Line("leila", 5, "The sewing people ask for an extension lead and good light."),
        )),
        Scene(minutes_ago=155, lines=(
            Line("leila", 0, "Two more helpers for the sign-in table! That makes nine."),
        )),
    ),
}  # fmt: skip
