"""A question is looked up by its pairs alone: a pair found says that its characters are there too, and each list of those is long.

And what is written goes into the index at once: a list of what is still to be put in is read whole by every question.
"""

import django.contrib.postgres.indexes
from django.db import migrations

FORWARD = """
CREATE FUNCTION products_search_wanted(document text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(DISTINCT substr(line, place, 2)), '{}')
    FROM unnest(string_to_array(document, E'\\n')) AS line, generate_series(1, greatest(length(line) - 1, 1)) AS place
    WHERE line <> '' AND substr(line, place, 2) !~ '\\s'
$$
"""


class Migration(migrations.Migration):
    dependencies = [("products", "0058_texts_encrypted")]
    operations = [
        migrations.RunSQL(FORWARD, "DROP FUNCTION products_search_wanted(text)"),
        migrations.RemoveIndex("searchable", "searchable_tokens"),
        migrations.AddIndex(
            "searchable",
            django.contrib.postgres.indexes.GinIndex(fields=["tokens"], name="searchable_tokens", fastupdate=False),
        ),
    ]
