//! Delta tables, releases, linking and measures in SQL.
