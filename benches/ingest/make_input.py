"""Writes the benchmark's input: one school year of daily attendance of a large district, as a student
information system exports it. 115,000 students x 180 days = 20.7 million rows, 640 MB.

    python make_input.py OUT.csv [STUDENTS] [DAYS]
"""

import datetime
import random
import sys


def main(out, students=115_000, days=180):
    random.seed(1)
    numbers = random.sample(range(1_000_000_000, 2_000_000_000), students)
    schools = [f"HS{100 + i * 175 // students:04d}" for i in range(students)]
    middle = [f",{number},{school}," for number, school in zip(numbers, schools)]
    day = datetime.date(2024, 8, 12)
    with open(out, "w", newline="") as file:
        file.write("Att_Date,Student_Number,School_ID,Att_Code\n")
        for _ in range(days):
            while day.weekday() > 4:
                day += datetime.timedelta(1)
            date = day.strftime("%m/%d/%Y")
            codes = random.choices("PAUT", (92, 4, 2, 2), k=students)
            file.write("".join([f"{date}{m}{c}\n" for m, c in zip(middle, codes)]))
            day += datetime.timedelta(1)


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
