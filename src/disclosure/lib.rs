//! What may be published: suppression and the Released border.
