"""The data sets with the columns the reference scripts derived from them."""

import csv
import statistics

# Orthogonal polynomial contrasts of an ordered factor of four levels, as R codes them.
LINEAR = [-0.670820393249937, -0.223606797749979, 0.223606797749979, 0.670820393249937]
SQUARE = [0.5, -0.5, -0.5, 0.5]
CUBE = [-0.223606797749979, 0.670820393249937, -0.670820393249937, 0.223606797749979]


def prepared(path, scratch):
    derive = DERIVED.get(path.stem)
    if derive is None:
        return path
    target = scratch / path.name
    if not target.exists():
        with open(path, newline="") as file:
            rows = list(csv.DictReader(file))
        derive(rows)
        write(target, list(rows[0]), [list(row.values()) for row in rows])
    return target


def write(target, header, rows):
    with open(target, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    return target


def star(rows):
    medians = {
        grade: statistics.median(float(r["math"]) for r in rows if r["gr"] == grade and r["math"] not in ("", "NA"))
        for grade in ("K", "1", "2", "3")
    }
    for row in rows:
        known = row["cltype"] not in ("", "NA")
        row["small"] = int(row["cltype"] == "small") if known else ""
        row["aide"] = int(row["cltype"] == "reg+A") if known else ""
        row["lunchF"] = "" if row["ses"] in ("", "NA") else int(row["ses"] == "F")
        row["schgr"] = row["sch"] + "_" + row["gr"]
        row["mover"] = "" if row["math"] in ("", "NA") else int(float(row["math"]) > medians[row["gr"]])
        rank = ["K", "1", "2", "3"].index(row["gr"])
        row["gr.L"], row["gr.Q"], row["gr.C"] = LINEAR[rank], SQUARE[rank], CUBE[rank]


def ehec(rows):
    for row in rows:
        started = row["yexp2"] not in ("", "NA")
        row["D"] = int(started and float(row["yexp2"]) == 2014)
        row["used"] = int(int(row["year"]) < 2016 and not (started and float(row["yexp2"]) == 2015))


def mpdta(rows):
    for row in rows:
        start, year = int(row["first.treat"]), int(row["year"])
        row["post"] = int(start > 0 and year >= start)
        row["rel"] = year - start if start > 0 else -1


def hsb82(rows):
    first = sorted({int(row["school"]) for row in rows})[:9]
    for row in rows:
        row["minority"] = int(row["minrty"] == "Yes")
        row["female"] = int(row["sx"] == "Female")
        row["first9"] = int(int(row["school"]) in first)


def sgp_linked_math(rows):
    # A text in the reference, and so in the order of texts.
    for row in rows:
        row["GRADE"] = "g" + row["GRADE"]


DERIVED = {"sgp_linked_math": sgp_linked_math, "star_long": star, "ehec": ehec, "mpdta": mpdta, "hsb82": hsb82}
