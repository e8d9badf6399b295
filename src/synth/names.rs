//! Invented names. They are in the exports because real exports have them, and Throughline must drop them.

use crate::rng::Rng;

const FIRST: [&str; 64] = [
    "Ada", "Amir", "Ana", "Andre", "Anh", "Aria", "Ben", "Bianca", "Caleb", "Camila", "Carlos",
    "Chloe", "Dana", "Darius", "Diego", "Eli", "Elena", "Emma", "Ethan", "Fatima", "Felix",
    "Gabriel", "Grace", "Hana", "Henry", "Imani", "Isaac", "Ivy", "Jada", "Jamal", "Jin", "Jonah",
    "Jose", "Julia", "Kai", "Keisha", "Kenji", "Lara", "Leo", "Lucia", "Luna", "Malik", "Maria",
    "Maya", "Mei", "Miles", "Nadia", "Nia", "Noah", "Nora", "Omar", "Owen", "Priya", "Quinn",
    "Rosa", "Ruby", "Sam", "Sofia", "Tariq", "Theo", "Uma", "Viktor", "Yara", "Zoe",
];

const LAST: [&str; 64] = [
    "Abara", "Adler", "Alvarez", "Amara", "Baptiste", "Barros", "Bauer", "Becker", "Bello",
    "Brandt", "Castillo", "Chandra", "Chavez", "Cohen", "Costa", "Cruz", "Dawson", "Delgado",
    "Diallo", "Dorsey", "Eaton", "Ellis", "Espinoza", "Farah", "Fischer", "Flores", "Fofana",
    "Garza", "Gibson", "Greene", "Haddad", "Hart", "Huang", "Ibarra", "Iyer", "Jensen", "Kaur",
    "Keller", "Kim", "Kowalski", "Lang", "Lopez", "Maduro", "Mbeki", "Mercer", "Nakamura",
    "Nguyen", "Novak", "Okafor", "O'Brien", "Ortiz", "Park", "Patel", "Quintero", "Rahman",
    "Reyes", "Rossi", "Santos", "Schmidt", "Singh", "Tanaka", "Torres", "Vega", "Walsh",
];

/// First and last name.
pub(crate) fn name(rng: &mut Rng) -> (&'static str, &'static str) {
    (FIRST[rng.below(FIRST.len())], LAST[rng.below(LAST.len())])
}
