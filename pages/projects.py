"""Projects: the model and the style that each begins with, and which are over."""

from datetime import UTC, datetime

import streamlit as st

from pages.components.calm import calm
from pages.components.words import begun, plain
from staging.access import Permission, person
from staging.lab import Lab, current
from staging.projects import LONGEST_NAME, Project


def show_projects(lab: Lab) -> None:
    """Draw every project in use, or the archived ones."""
    archived = st.toggle("Archived", key="projects-archived")
    projects = lab.projects.list(archived=archived)
    if not projects:
        said = "No project is archived." if archived else "No project yet. Add one above, or name one for a room."
        st.info(said, icon=":material/folder_open:")
    for project in projects:
        show_project(lab, project)


def add(lab: Lab) -> None:
    """Draw the way to a new project."""
    with st.form("projects-add", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input("New project", max_chars=LONGEST_NAME, key="projects-name", placeholder="12 Elm Street")
        if st.form_submit_button("Add", icon=":material/add:", key="projects-add-button") and name:
            with calm():
                lab.projects.set(name, person(Permission.MANAGE_PROJECTS), datetime.now(UTC))
                st.rerun()


def show_project(lab: Lab, project: Project) -> None:
    """Draw one project: its model, its style, and the way into the archive or out of it."""
    setting = lab.routing.project(project.name)
    history = lab.routing.history(project.name)
    version = history[0].version if history else -1
    # The versions are in the keys: a press on what was changed meanwhile means nothing.
    key = f"{project.name}-{project.version}-{version}"
    with st.container(border=True, key=f"projects-{project.name}"):
        st.markdown(f"**{plain(project.name)}**")
        if setting is not None and setting.model is not None:
            st.caption(plain(begun(setting.words)))
        models = [offer.spec.id.value for offer in lab.desk.models() if offer.enabled]
        now = setting.model if setting is not None else None
        if now is not None and now not in models:
            models.append(now)
        styles = [*lab.prompts.styles()]
        if project.style and project.style not in styles:
            styles.append(project.style)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            model = st.selectbox(
                "Preferred model",
                ["", *models],
                index=models.index(now) + 1 if now in models else 0,
                format_func=lambda one: one or "The active model",
                key=f"projects-model-{key}",
            )
            style = st.selectbox(
                "Default style",
                ["", *styles],
                index=styles.index(project.style) + 1 if project.style else 0,
                format_func=lambda one: one.capitalize() or "None of its own",
                key=f"projects-style-{key}",
            )
            changed = model != (now or "") or style != project.style
            save = st.button("Save", type="primary", disabled=not changed, key=f"projects-save-{key}")
            label = "Take out of the archive" if project.archived else "Archive"
            icon = ":material/unarchive:" if project.archived else ":material/archive:"
            archive = st.button(label, icon=icon, key=f"projects-archive-{key}")
        with calm():
            by, at = person(Permission.MANAGE_PROJECTS), datetime.now(UTC)
            if save and style != project.style:
                lab.projects.set(project.name, by, at, style=style, follows=project.version)
            if save and model and model != now:
                lab.routing.set(model, by, at, project=project.name, follows=version)
            if save and now and not model:
                lab.routing.clear(by, at, project=project.name, follows=version)
            if archive:
                lab.projects.set(project.name, by, at, archived=not project.archived, follows=project.version)
            if save or archive:
                st.rerun()


st.caption(
    "A project is a listing: a name on rooms and comparisons. Its preferred model does jobs that name none, and "
    "Compare begins with its model and style when the project is chosen. An archived one is offered nowhere."
)
add(current())
show_projects(current())
