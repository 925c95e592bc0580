"""sqlalchemy==2.1.9: tables as classes, in SQLite in /tmp"""


class Use:
    def process(self, item):
        import os
        import tempfile

        from sqlalchemy import ForeignKey, create_engine, func, select
        from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

        class Base(DeclarativeBase):
            pass

        class User(Base):
            __tablename__ = "users"
            id: Mapped[int] = mapped_column(primary_key=True)
            name: Mapped[str]
            posts: Mapped[list["Post"]] = relationship(back_populates="user")

        class Post(Base):
            __tablename__ = "posts"
            id: Mapped[int] = mapped_column(primary_key=True)
            user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
            user: Mapped[User] = relationship(back_populates="posts")

        path = os.path.join(tempfile.mkdtemp(), "app.db")
        engine = create_engine(f"sqlite:///{path}")
        Base.metadata.create_all(engine)
        with Session(engine) as session:
            session.add(User(name="a", posts=[Post(), Post()]))
            session.commit()
        with Session(engine) as session:
            count = session.scalar(select(func.count()).select_from(Post).join(User))
        assert count == 2
        return os.path.getsize(path) > 0
