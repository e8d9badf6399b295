//! Vendor exports to typed, checked, pseudonymised Parquet.
