//! Versions of a row: the different contents that stand in a file under one key, each with the rows that say so.

use crate::repeats::At;

/// One content of a key.
pub(crate) struct Version {
    /// Numbers of its cells, as [`crate::contents::Contents`] lays them out.
    pub(crate) content: Vec<u32>,
    /// Numbers that were added up, by column of the table, in place of those in `content`.
    pub(crate) sums: Vec<(usize, f64)>,
    /// The rows that are added up in it (one, where nothing is), each with its copies; by place.
    pub(crate) members: Vec<Vec<At>>,
}

impl Version {
    /// The versions among the rows of one key, which come sorted by content and place. Rows that are `each` something of their own are
    /// no copies of each other.
    pub(crate) fn of(rows: Vec<(Vec<u32>, At)>, each: impl Fn(&[u32]) -> bool) -> Vec<Self> {
        let mut versions: Vec<Self> = Vec::new();
        for (content, at) in rows {
            match versions.last_mut() {
                Some(last) if last.content == content && !each(&content) => {
                    last.members[0].push(at);
                }
                _ => versions.push(Self {
                    content,
                    sums: Vec::new(),
                    members: vec![vec![at]],
                }),
            }
        }
        versions
    }

    /// Every row of it.
    pub(crate) fn rows(&self) -> impl Iterator<Item = At> + '_ {
        self.members.iter().flatten().copied()
    }

    /// Its rows, copies aside.
    pub(crate) fn firsts(&self) -> impl Iterator<Item = At> + '_ {
        self.members.iter().map(|member| member[0])
    }

    /// The row it stands in.
    pub(crate) fn first(&self) -> At {
        self.members[0][0]
    }

    /// Its last row.
    pub(crate) fn last(&self) -> At {
        self.rows().max().unwrap_or(self.first())
    }
}
