"""Times nights of a synthetic district.

    night.py PROGRAM FOLDER [STUDENTS [SCHOOLS [YEARS [DAY]]]]
"""

import csv
import datetime
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import time

THREADS = "2"
# Exports of the last year that grow from day to day, and what is cut from them: the column of the date and how it is written.
DATED = {
    "sis/attendance/attendance": (0, "%Y-%m-%d"),
    "sis/attendance/class": (4, "%m/%d/%Y"),
    "sis/discipline_incidents": (2, "%d-%b-%Y"),
    "sis/discipline_actions": (3, "%d-%b-%Y"),
    "tools/usage": (0, "%Y-%m-%d"),
    "pd/transcript": (2, "%Y-%m-%d"),
    "assess/map_growth": (3, "%m/%d/%Y"),
    "assess/state": (3, "%m/%d/%Y"),
}
# Reports that tell of the night they were written in.
OF_THE_NIGHT = {"quality.html", "checks.parquet"}
NIGHTLY = ["sis/attendance/attendance", "sis/discipline_incidents", "sis/discipline_actions", "tools/usage"]


def run(program, pipeline):
    """Wall and CPU seconds, peak MiB and seconds by stage of one run."""
    out = os.path.join(os.path.dirname(pipeline), "run.out")
    begin = time.perf_counter()
    actions = [(os.POSIX_SPAWN_OPEN, 1, out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)]
    command = [program, "run", pipeline, "--json", "--quiet", "--jobs", THREADS]
    process = os.posix_spawn(program, command, os.environ, file_actions=actions)
    _, status, usage = os.wait4(process, 0)
    wall = time.perf_counter() - begin
    if os.waitstatus_to_exitcode(status) not in (0, 1):
        sys.exit(f"the run failed ({os.waitstatus_to_exitcode(status)})")
    record = json.load(open(out))
    stages = {} if record["unchanged"] else dict(map(tuple, record["timings"]))
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, stages


def say(what, result, first=None):
    wall, cpu, memory, stages = result
    ratio = f" ({wall / first[0]:.3f} of the first run)" if first else ""
    print(f"{what:42} {wall:7.2f} s{ratio}   {cpu:7.2f} s CPU   {memory:6.0f} MiB")
    for stage, seconds in stages.items():
        if seconds >= 0.05:
            print(f"    {stage:38} {seconds:7.2f} s")
    sys.stdout.flush()
    return result


def make(program, folder, students, schools, years):
    """The district, and a pipeline for it."""
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([program, "init", folder, "--quiet"], check=True)
    exports = os.path.join(folder, "exports")
    shutil.rmtree(exports)
    size = ["--students", students, "--schools", schools, "--years", years]
    subprocess.run([program, "synth", "--out", exports, "--attendance", "daily", "--quiet", *size], check=True)
    pipeline = os.path.join(folder, "pipelines", "district.toml")
    text = open(pipeline).read()
    last = int(re.search(r"last_year = (\d+)", text).group(1))
    text = re.sub(r"first_year = \d+", f"first_year = {last + 1 - int(years)}", text)
    text = text.replace('mapping = "sis_attendance"', 'mapping = "sis_attendance_daily"')
    open(pipeline, "w").write(text)
    return last


def dated(exports, kind, label):
    return sorted(glob.glob(os.path.join(exports, f"{kind}_{label}*.csv")))


def cut(exports, label, day):
    """Cuts the last year's exports before `day`; what `day` adds is put beside them, to be brought in later."""
    new = os.path.join(os.path.dirname(exports), "new")
    os.makedirs(new)
    for kind, (column, form) in DATED.items():
        parse = {}

        def when(line):
            if column == 0:
                text = line[: line.index(b",")].decode()
            else:
                text = next(csv.reader([line.decode("utf-8-sig")]))[column]
            if text not in parse:
                try:
                    parse[text] = datetime.datetime.strptime(text, form).date()
                except ValueError:
                    parse[text] = datetime.date.min
            return parse[text]

        for path in dated(exports, kind, label):
            stem = os.path.join(new, os.path.relpath(path, exports)[:-4].replace("/", "__"))
            with open(path, "rb") as lines, open(path + ".cut", "wb") as before:
                with open(stem + "__day", "wb") as only, open(stem + "__year", "wb") as year:
                    header = next(lines)
                    for out in (before, only, year):
                        out.write(header)
                    for line in lines:
                        date = when(line)
                        if date < day:
                            before.write(line)
                            year.write(line)
                        elif date == day:
                            only.write(line)
                            year.write(line)
            os.replace(path + ".cut", path)
    if day < datetime.date(day.year, 6, 1) and day > datetime.date(day.year, 1, 15):
        # Only the first term is marked.
        for path in dated(exports, "sis/marks", label):
            kept = [line for line in open(path, "rb") if line.split(b",")[3] != b"S2"]
            open(path, "wb").writelines(kept)


def bring(exports, label, how):
    """Brings in what the day adds, and returns how to take it away again."""
    new = os.path.join(os.path.dirname(exports), "new")
    undo = []
    for kind in NIGHTLY:
        path = os.path.join(exports, f"{kind}_{label}.csv")
        source = os.path.join(new, f"{kind}_{label}".replace("/", "__") + "__" + how)
        target = path if how == "year" else path[:-4] + "_day.csv"
        if how == "year":
            os.rename(path, path + ".kept")
            undo.append((path + ".kept", path))
        else:
            undo.append((None, target))
        shutil.copyfile(source, target)
    return undo


def take_away(undo):
    for kept, path in undo:
        os.remove(path)
        if kept:
            os.rename(kept, path)


def link(source, target):
    """A copy of a lake: its files are replaced and never changed, so links to them are enough."""
    shutil.rmtree(target, ignore_errors=True)
    subprocess.run(["cp", "-al", source, target], check=True)


def reports(folder):
    found = {}
    for base, _, names in os.walk(folder):
        for name in set(names) - OF_THE_NIGHT:
            path = os.path.join(base, name)
            found[os.path.relpath(path, folder)] = open(path, "rb").read()
    return found


def compare(program, pipeline, folder, what):
    """A first run over the same files must write the same reports."""
    nightly = reports(os.path.join(folder, "reports"))
    lake = os.path.join(folder, ".throughline", "lake")
    aside = lake + "-aside"
    os.rename(lake, aside)
    try:
        run(program, pipeline)
        again = reports(os.path.join(folder, "reports"))
    finally:
        shutil.rmtree(lake, ignore_errors=True)
        os.rename(aside, lake)
    differ = sorted(name for name in nightly.keys() | again.keys() if nightly.get(name) != again.get(name))
    print(f"{what}: " + (f"{len(differ)} of {len(nightly)} files DIFFER: {differ[:5]}" if differ else f"all {len(nightly)} files are those of a first run"))
    sys.stdout.flush()


def main(program, folder, students="115000", schools="175", years="7", day="mid"):
    district = os.path.join(folder, f"{students}-{schools}-{years}-{day}")
    exports = os.path.join(district, "exports")
    pipeline = os.path.join(district, "pipelines", "district.toml")
    if not os.path.exists(os.path.join(district, "new")):
        last = make(program, district, students, schools, years)
        rows = csv.DictReader(open(os.path.join(exports, "sis", "calendar.csv")))
        open_days = {row["Date_Value"] for row in rows if row["In_Session"] == "1"}
        days = {datetime.datetime.strptime(day, "%m/%d/%Y").date() for day in open_days}
        days = sorted(date for date in days if date > datetime.date(last - 1, 7, 1))
        wanted = {"mid": datetime.date(last, 2, 11), "last": days[-1]}.get(day) or datetime.date.fromisoformat(day)
        cut(exports, f"{last - 1}-{last % 100:02}", max(date for date in days if date <= wanted))
    last = int(re.search(r"last_year = (\d+)", open(pipeline).read()).group(1))
    label = f"{last - 1}-{last % 100:02}"
    lake = os.path.join(district, ".throughline", "lake")
    shutil.rmtree(lake, ignore_errors=True)
    shutil.rmtree(os.path.join(district, "reports"), ignore_errors=True)
    # Files are older than a run that can take them as unchanged.
    time.sleep(3)
    first = say("first run", run(program, pipeline))
    say("the next night, nothing new", run(program, pipeline), first)
    link(lake, lake + "-first")
    for how, what in [("day", "one new day, as files of its own"), ("year", "one new day, year files exported again")]:
        undo = bring(exports, label, how)
        time.sleep(3)
        say(what, run(program, pipeline), first)
        say("the night after, nothing new", run(program, pipeline), first)
        compare(program, pipeline, district, what)
        take_away(undo)
        link(lake + "-first", lake)


if __name__ == "__main__":
    main(*sys.argv[1:])
