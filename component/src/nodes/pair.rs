//! Arithmetic of two numbers as Python does it, for items that bring their own
//! operation along: of integers an integer, but for quotients, and of anything
//! else a float. `_numbers.py` and `calculator.py` of the Python package follow
//! the same rules.

use num_bigint::{BigInt, Sign};

use super::numbers::{Number, ratio};
use crate::value::{MAX_DIGITS, Value};

/// What is said of a result that no float holds.
pub(super) const BEYOND: &str = "the result is beyond the largest float";

/// 2 to this power has more digits than an integer may have.
const MAX_BITS: u64 = MAX_DIGITS as u64 * 1000 / 301;

/// Calculates with two numbers, or says why that can't be done.
pub(super) type Calculate = fn(&Number, &Number) -> Result<Value, String>;

/// The operation of this name.
pub(super) fn operation(name: &str) -> Option<Calculate> {
    Some(match name {
        "add" => |a, b| either(a, b, |a, b| a + b, |a, b| a + b),
        "subtract" => |a, b| either(a, b, |a, b| a - b, |a, b| a - b),
        "multiply" => |a, b| either(a, b, |a, b| a * b, |a, b| a * b),
        "divide" => divide,
        "power" => power,
        "modulo" => modulo,
        _ => return None,
    })
}

/// Whether a number is zero, of either sign.
pub(super) fn is_zero(number: &Number) -> bool {
    match number {
        Number::Int(value) => *value == 0,
        Number::Big(value) => value.sign() == Sign::NoSign,
        Number::Float(value) => *value == 0.0,
    }
}

fn big(number: &Number) -> Option<BigInt> {
    match number {
        Number::Int(value) => Some(BigInt::from(*value)),
        Number::Big(value) => Some(value.clone()),
        Number::Float(_) => None,
    }
}

/// Both as integers, where both are.
fn integers(a: &Number, b: &Number) -> Option<(BigInt, BigInt)> {
    Some((big(a)?, big(b)?))
}

fn floats(a: &Number, b: &Number) -> Result<(f64, f64), String> {
    match (a.to_f64(), b.to_f64()) {
        (Some(a), Some(b)) => Ok((a, b)),
        _ => Err(BEYOND.to_owned()),
    }
}

fn either(
    a: &Number,
    b: &Number,
    of_integers: fn(BigInt, BigInt) -> BigInt,
    of_floats: fn(f64, f64) -> f64,
) -> Result<Value, String> {
    if let Some((a, b)) = integers(a, b) {
        return Ok(Value::integer(of_integers(a, b)));
    }
    let (a, b) = floats(a, b)?;
    Ok(Value::Float(of_floats(a, b)))
}

fn divide(a: &Number, b: &Number) -> Result<Value, String> {
    if is_zero(b) {
        return Err("Division by zero".to_owned());
    }
    if let Some((a, b)) = integers(a, b) {
        let (a, b) = match b.sign() {
            // An integer has no sign that zero could take over.
            Sign::Minus if a.sign() == Sign::NoSign => return Ok(Value::Float(-0.0)),
            Sign::Minus => (-a, -b),
            _ => (a, b),
        };
        let quotient = Number::of(&ratio(a, b)?).and_then(|quotient| quotient.to_f64());
        return quotient.map(Value::Float).ok_or(BEYOND.to_owned());
    }
    let (a, b) = floats(a, b)?;
    Ok(Value::Float(a / b))
}

/// What is left of a division, with the sign of the divisor.
fn modulo(a: &Number, b: &Number) -> Result<Value, String> {
    if is_zero(b) {
        return Err("Modulo by zero".to_owned());
    }
    if let Some((a, b)) = integers(a, b) {
        let rest = a % &b;
        let other_sign = rest.sign() != Sign::NoSign && rest.sign() != b.sign();
        return Ok(Value::integer(if other_sign { rest + b } else { rest }));
    }
    let (a, b) = floats(a, b)?;
    let rest = a % b;
    Ok(Value::Float(if rest == 0.0 {
        0_f64.copysign(b)
    } else if (rest < 0.0) != (b < 0.0) {
        rest + b
    } else {
        rest
    }))
}

fn power(a: &Number, b: &Number) -> Result<Value, String> {
    if let (Some(base), Some(exponent)) = (big(a), big(b))
        && exponent.sign() != Sign::Minus
    {
        return whole_power(&base, &exponent);
    }
    let (base, exponent) = floats(a, b)?;
    if base == 0.0 && exponent < 0.0 {
        return Err("Zero to a negative power".to_owned());
    }
    if base < 0.0 && base.is_finite() && exponent.is_finite() && exponent.fract() != 0.0 {
        return Err("A negative number to a fractional power is no real number".to_owned());
    }
    let result = base.powf(exponent);
    if result.is_infinite() && base.is_finite() && exponent.is_finite() {
        return Err(BEYOND.to_owned());
    }
    Ok(Value::Float(result))
}

fn whole_power(base: &BigInt, exponent: &BigInt) -> Result<Value, String> {
    let even = exponent % 2 == BigInt::from(0);
    // 0, 1 and -1 have powers that stay small.
    if base.bits() <= 1 {
        let one = exponent.sign() == Sign::NoSign || (base.sign() == Sign::Minus && even);
        let result = if one { BigInt::from(1) } else { base.clone() };
        return Ok(Value::integer(result));
    }
    let exponent = u32::try_from(exponent).ok();
    let exponent = exponent.filter(|&it| (base.bits() - 1) * u64::from(it) <= MAX_BITS);
    match exponent {
        Some(exponent) => Ok(Value::integer(base.pow(exponent))),
        None => Err(format!("The result has more than {MAX_DIGITS} digits")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calculate(name: &str, a: impl Into<Value>, b: impl Into<Value>) -> String {
        let number = |value: Value| Number::of(&value).unwrap();
        let result = operation(name).unwrap()(&number(a.into()), &number(b.into()));
        match result {
            Ok(Value::BigInt(value)) => value.to_string(),
            Ok(value) => format!("{value:?}"),
            Err(message) => message,
        }
    }

    #[test]
    fn quotients_are_floats_and_the_rest_is_as_in_python() {
        assert_eq!(calculate("divide", 6, 2), "Float(3.0)");
        assert_eq!(calculate("divide", -7, -2), "Float(3.5)");
        assert_eq!(calculate("divide", 0, -6), "Float(-0.0)");
        assert_eq!(calculate("divide", 0, 6), "Float(0.0)");
        assert_eq!(calculate("add", 1, 2.0), "Float(3.0)");
        assert_eq!(calculate("multiply", i64::MAX, 2), "18446744073709551614");
        assert_eq!(calculate("modulo", -7, 2), "Int(1)");
        assert_eq!(calculate("modulo", 7, -2), "Int(-1)");
        assert_eq!(calculate("modulo", -7.5, 2), "Float(0.5)");
        assert_eq!(calculate("modulo", -6.0, 2), "Float(0.0)");
        assert_eq!(calculate("modulo", 6.0, -2), "Float(-0.0)");
    }

    #[test]
    fn powers() {
        assert_eq!(calculate("power", 2, 10), "Int(1024)");
        assert_eq!(calculate("power", 2, -1), "Float(0.5)");
        assert_eq!(calculate("power", 0, 0), "Int(1)");
        assert_eq!(calculate("power", -1, i64::MAX), "Int(-1)");
        assert_eq!(calculate("power", -1, i64::MAX - 1), "Int(1)");
        assert_eq!(calculate("power", 0, i64::MAX), "Int(0)");
        assert!(calculate("power", 2, i64::MAX).contains("digits"));
        assert!(calculate("power", -2.0, 0.5).contains("real"));
        assert!(calculate("power", 0.0, -1).contains("Zero"));
        assert!(calculate("power", 1e200, 2).contains("largest float"));
        assert_eq!(calculate("power", f64::INFINITY, 2), "Float(inf)");
    }
}
