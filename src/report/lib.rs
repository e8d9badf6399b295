//! Charts, HTML, tables and workbooks of released findings.
