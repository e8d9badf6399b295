//! Malformed rows, a handful a format: what real exports have, and what a reader must reject by rule and count. The
//! IDs in them belong to nobody.

/// A row as it stands in the file, and what is wrong with it.
pub(crate) type Dirty = (&'static str, &'static str);

pub(crate) const STUDENTS: &[Dirty] = &[
    (
        ",2024,Doe,Pat,2012-04-31,05,F,W,P,N,N,N",
        "missing student ID",
    ),
    (
        "0099991,2024,Roe,Sam,2012-04-30,42,F,W,P,N,N,N",
        "unknown grade code",
    ),
];
pub(crate) const ENROLLMENT: &[Dirty] = &[
    ("0099991,0101,05,13/45/2024,06/02/2025,", "malformed date"),
    ("0099992,,05,09/03/2024,06/02/2025,", "missing school ID"),
];
pub(crate) const ROSTERS: &[Dirty] = &[
    ("0099991,,09/03/2024,", "missing section ID"),
    ("0099991,25-00001,2024/9/3,", "malformed date"),
];
pub(crate) const MARKS: &[Dirty] = &[
    (
        "0099991,25-00001,2025,S1,A,140,0.5,0.5",
        "mark out of range",
    ),
    (
        "0099991,25-00001,twenty,S1,A,94,0.5,0.5",
        "school year is not a number",
    ),
];
pub(crate) const ATTENDANCE: &[Dirty] = &[
    ("2024-13-05,0099991,0101,UA", "malformed date"),
    ("2024-09-05,,0101,UA", "missing student ID"),
    ("2024-09-05,0099991,0101,ZZ", "unknown attendance code"),
];
pub(crate) const ATTENDANCE_DAILY: &[Dirty] = &[
    ("2024-13-05,0099991,0101,UA,0", "malformed date"),
    ("2024-09-05,,0101,UA,0", "missing student ID"),
    ("2024-09-05,0099991,0101,ZZ,0", "unknown attendance code"),
    ("2024-09-05,0099992,0101,P,9999", "minutes out of range"),
];
pub(crate) const INCIDENTS: &[Dirty] = &[(
    "I0000000,0099991,31-Foo-2024,0101,Disruption,MIN",
    "malformed date",
)];
pub(crate) const ASSIGNMENTS: &[Dirty] =
    &[("E99999,25-00001,2024-09-03,,250,L", "share out of range")];
pub(crate) const MAP_GROWTH: &[Dirty] = &[
    (
        "FFFFFFFF,Fall,Mathematics,09/17/2024,5,N/A,3.1,50",
        "score is not a number",
    ),
    (
        "FFFFFFFF,Fall,Mathematics,09/17/2024,5,1000000,3.1,50",
        "score out of range",
    ),
    (
        ",Fall,Reading,09/17/2024,5,205,3.1,50",
        "missing student ID",
    ),
];
pub(crate) const STATE: &[Dirty] = &[
    (
        "1999999999,State Summative,MA,02-30-2025,05,512,14,Met",
        "malformed date",
    ),
    (
        "1999999999,State Summative,XX,04-15-2025,05,512,14,Met",
        "unknown subject code",
    ),
];
pub(crate) const TRANSCRIPT: &[Dirty] = &[
    (
        "nobody999,FLIPNOW-25A,2024-02-30,Completed,2",
        "malformed date",
    ),
    (
        "nobody999,FLIPNOW-25A,2024-10-08,Completed,-3",
        "hours out of range",
    ),
];
pub(crate) const USAGE: &[Dirty] = &[
    ("2024-10-08,0099991,FF,2000,14", "minutes out of range"),
    ("2024-10-08,,FF,20,14", "missing student ID"),
];
