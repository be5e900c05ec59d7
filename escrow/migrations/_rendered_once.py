"""What the squashed migrations of all apps are made with."""

from django.db.migrations.operations.base import Operation


class RenderedOnce(Operation):
    """Operations that make the models of an app. Their classes are made once, not nearly all of them anew after each."""

    def __init__(self, *operations):
        self.operations = operations

    def state_forwards(self, app_label, state):
        """All of them without classes: these are made for who asks for them next."""
        state.__dict__.pop("apps", None)
        for operation in self.operations:
            operation.state_forwards(app_label, state)

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        """One by one."""
        for operation in self.operations:
            operation.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        """One by one, the last first."""
        for operation in reversed(self.operations):
            operation.database_backwards(app_label, schema_editor, from_state, to_state)

    def describe(self):
        """What they do."""
        return "; ".join(operation.describe() for operation in self.operations)
