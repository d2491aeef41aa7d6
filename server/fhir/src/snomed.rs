//! The form of SNOMED CT identifiers, <https://hl7.org/fhir/R4/snomedct.html>: six to eighteen digits, of which the last checks
//! the others by Verhoeff's scheme. Whether the identifier stands for anything is not known here.

/// The multiplication of the dihedral group of order ten.
const MULTIPLY: [[u8; 10]; 10] = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    [1, 2, 3, 4, 0, 6, 7, 8, 9, 5],
    [2, 3, 4, 0, 1, 7, 8, 9, 5, 6],
    [3, 4, 0, 1, 2, 8, 9, 5, 6, 7],
    [4, 0, 1, 2, 3, 9, 5, 6, 7, 8],
    [5, 9, 8, 7, 6, 0, 4, 3, 2, 1],
    [6, 5, 9, 8, 7, 1, 0, 4, 3, 2],
    [7, 6, 5, 9, 8, 2, 1, 0, 4, 3],
    [8, 7, 6, 5, 9, 3, 2, 1, 0, 4],
    [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
];

/// How a digit is permuted at each place, counted from the end.
const PERMUTE: [[u8; 10]; 8] = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    [1, 5, 7, 6, 2, 8, 3, 0, 9, 4],
    [5, 8, 0, 3, 7, 9, 6, 1, 4, 2],
    [8, 9, 1, 6, 0, 4, 3, 5, 2, 7],
    [9, 4, 5, 3, 1, 2, 6, 8, 7, 0],
    [4, 2, 8, 6, 5, 7, 3, 9, 0, 1],
    [2, 7, 9, 3, 8, 0, 6, 4, 1, 5],
    [7, 0, 4, 6, 9, 1, 3, 2, 5, 8],
];

/// Whether a text has the form of a SNOMED CT identifier, its check digit included.
#[must_use]
pub fn is_valid_identifier(text: &str) -> bool {
    let digits = text.as_bytes();
    if !(6..=18).contains(&digits.len()) || digits[0] == b'0' || !digits.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let check = digits.iter().rev().enumerate().fold(0u8, |check, (place, digit)| {
        MULTIPLY[usize::from(check)][usize::from(PERMUTE[place % 8][usize::from(digit - b'0')])]
    });
    check == 0
}

#[cfg(test)]
mod tests {
    use super::is_valid_identifier;

    #[test]
    fn the_last_digit_checks_the_others() {
        for good in
            ["22298006", "73211009", "3457005", "892601000000108", "1066351000000102", "1107891000000106"]
        {
            assert!(is_valid_identifier(good), "{good}");
        }
        for bad in
            ["306239005", "770912009", "1066351000000100", "22298007", "", "12345", "02298006", "2229800x"]
        {
            assert!(!is_valid_identifier(bad), "{bad}");
        }
    }
}
