-- The floor: the least a transfer can cost on this machine. One SQL function that updates two accounts and inserts one
-- transfer, spread over 1,000 beneficiaries of 10 cards, without keys, guards, uses or audit. Fixed once: every figure of
-- `make bench` is a ratio to it, taken in the same run.
CREATE TABLE floor_account (id bigint PRIMARY KEY, balance bigint NOT NULL);
CREATE TABLE floor_transfer (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, debit bigint NOT NULL, credit bigint NOT NULL, amount bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT now());
-- 1…10,000 are the cards, 10,001…11,000 their beneficiaries: card c belongs to beneficiary 10,000 + (c − 1) / 10 + 1.
INSERT INTO floor_account SELECT n, 1000000000 FROM generate_series(1, 11000) n;
CREATE FUNCTION floor_transfer_one(card bigint, fen bigint) RETURNS bigint LANGUAGE sql AS $$
    UPDATE floor_account SET balance = balance - fen WHERE id = card;
    UPDATE floor_account SET balance = balance + fen WHERE id = 10001 + (card - 1) / 10;
    INSERT INTO floor_transfer (debit, credit, amount) VALUES (card, 10001 + (card - 1) / 10, fen) RETURNING id;
$$;
