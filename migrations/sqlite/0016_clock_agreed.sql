-- Until when somebody has agreed with the clock: a witness, or an administrator. What came later came
-- by a clock that nobody has vouched for.
ALTER TABLE clock_seen ADD COLUMN agreed_us BIGINT;
