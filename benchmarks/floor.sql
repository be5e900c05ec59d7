-- The floor: the least a transfer can cost here. One SQL function that updates two accounts and inserts one transfer,
-- without keys, guards, uses or audit. Fixed once; results are given as a ratio to it.
CREATE TABLE floor_account (id bigint PRIMARY KEY, balance bigint NOT NULL);
CREATE TABLE floor_transfer (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, debit bigint NOT NULL, credit bigint NOT NULL, amount bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT now());
INSERT INTO floor_account SELECT n, 1000000000 FROM generate_series(1, 2000) n;
CREATE FUNCTION floor_transfer_one(from_id bigint, to_id bigint, fen bigint) RETURNS bigint LANGUAGE sql AS $$
    UPDATE floor_account SET balance = balance - fen WHERE id = from_id;
    UPDATE floor_account SET balance = balance + fen WHERE id = to_id;
    INSERT INTO floor_transfer (debit, credit, amount) VALUES (from_id, to_id, fen) RETURNING id;
$$;
